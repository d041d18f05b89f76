"""Where a page of the site is: below the major version of the JSON schema that it describes.

Within a major version nothing is renamed, so an address stays right: `v1/checks/tcp.refused/`. The
pages of a later one get a folder of their own beside it.
"""

from html import escape
from pathlib import Path

from diagnose.outputs.json import SCHEMA_VERSION

#: The folder of all pages.
VERSION_FOLDER = f"v{SCHEMA_VERSION.partition('.')[0]}"

#: The configuration of each language, and the folder of its pages below VERSION_FOLDER.
CONFIGURATIONS = {"en": ("mkdocs.yml", "."), "zh": ("mkdocs.zh.yml", "zh")}


def folder(lang: str, site: Path) -> Path:
    """Return the folder of the pages of a language."""
    return site / VERSION_FOLDER / CONFIGURATIONS[lang][1]


def first_page() -> str:
    """Return the page at the root of the site, which leads to the pages of this version."""
    to = escape(f"{VERSION_FOLDER}/")
    return (
        '<!doctype html><meta charset="utf-8"><title>diagnose</title>\n'
        f'<meta http-equiv="refresh" content="0; url={to}">\n'
        f'<p><a href="{to}">English</a> · <a href="{to}zh/">中文</a></p>\n'
    )
