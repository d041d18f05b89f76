"""The languages, and the texts by where they are shown: `reports`, `html`, `screen`, `web`,
`changes`, `command_line`. The checks' own texts are Markdown pages beside the checks.

Not translated: ids, commands, paths, JSON keys, and messages of machines.
"""

from typing import NamedTuple


class Language(NamedTuple):
    """A language: its own name for itself, and its tag in HTML (BCP 47)."""

    name: str
    tag: str


#: The language of the messages in the source. It has no catalogue.
SOURCE_LANGUAGE = "en"
#: The languages by their codes (ISO 639-1) in `--lang`, in file names of pages and in `locales/`.
LANGUAGES = {
    "en": Language("English", "en"),
    "zh": Language("中文", "zh-Hans"),
}


def next_language(lang: str) -> str:
    """Return the language after this one; after the last, the first."""
    codes = list(LANGUAGES)
    return codes[(codes.index(lang) + 1) % len(codes)]
