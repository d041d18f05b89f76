"""A hook of MkDocs: the switch of the language leads to the same page, not to the first one."""

import re
from typing import Any

from docs.generator.words import LANGUAGES

#: The place of a link in the theme's templates, until the page is written.
_PLACE = "#alternate-{lang}"

#: The theme's script would look for a site map beside each of these pages, to find what the link
#: says already.
_HEAD_LINK = re.compile(r'<link rel="alternate" href="#alternate-[^>]*>')


def on_page_context(context: dict[str, Any], config: Any, **_: Any) -> dict[str, Any]:
    for alternate in config.extra["alternate"]:
        alternate["link"] = _PLACE.format(lang=alternate["lang"])
    return context


def on_post_page(output: str, page: Any, config: Any, **_: Any) -> str:
    output = _HEAD_LINK.sub("", output)
    for lang in LANGUAGES:
        target = link(page.url, config.theme["language"], lang)
        output = output.replace(f'href="{_PLACE.format(lang=lang)}"', f'href="{target}"')
    return output


def link(url: str, source: str, lang: str) -> str:
    """Return the relative address of a page in a language, from the same page in another one. The
    Chinese site is below the English one, in zh/."""
    path = url.removeprefix("./")
    root = "../" * path.count("/") + ("../" if source != "en" else "")
    below = "" if lang == "en" else f"{lang}/"
    return f"{root}{below}{path}" or "./"
