"""Writes the output of recorded runs into README.md and README.zh.md, as the tool prints it today.

    python -m docs.generator.readme

There a comment `<!-- replay: NAME -->` stands above a block of code. Its first line, the
command, stays.
"""

import re

from docs.generator.pages import ROOT
from docs.generator.replay import replayed

#: The file of each language.
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}

_BLOCK = re.compile(
    r"(<!-- replay: ([\w-]+) -->\n```\n\$ [^\n]*\n).*?^```$", re.MULTILINE | re.DOTALL
)


def updated(text: str, lang: str) -> str:
    """Return the text with the output of today."""
    return _BLOCK.sub(
        lambda match: f"{match[1]}{replayed(match[2], lang, '--format', 'text')}```", text
    )


if __name__ == "__main__":
    for language, file in READMES.items():
        file.write_text(updated(file.read_text("utf-8"), language), "utf-8")
