"""Builds HTML from Python values, so that escaping cannot be forgotten.

`tag` creates a `Markup`. All other text is escaped when it is inserted, and characters that control
a terminal or the writing direction are replaced.
"""

import html
from collections.abc import Iterable

from diagnose.outputs.document import code_spans, sanitize_lines
from diagnose.outputs.terminal import markdown_blocks

#: HTML elements without an end tag (HTML Living Standard, 13.1.2), as far as they are used.
_VOID = {"meta"}


class Markup(str):
    """HTML that is already escaped."""

    __slots__ = ()


def escape(value: str) -> Markup:
    """Escape a text, so that it contains no tag, no reference and no end of an attribute."""
    return (
        value
        if isinstance(value, Markup)
        else Markup(html.escape(sanitize_lines(value), quote=True))
    )


def tag(name: str, /, *children: str | None, **attributes: str | int | None) -> Markup:
    """Build an element. In attribute names, a trailing `_` is dropped and others become `-`. An
    attribute that is None is left out."""
    attribute_text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{attribute_text}>")
    return Markup(f"<{name}{attribute_text}>{join(*children)}</{name}>")


def join(*parts: str | None) -> Markup:
    """Concatenate parts; None is skipped."""
    return Markup("".join(escape(part) for part in parts if part is not None))


def join_lines(*parts: str | None) -> Markup:
    """Put each part on a line of its own, so that the source is readable."""
    return Markup("".join(f"\n{escape(part)}" for part in parts if part) + "\n")


def inline(prose: str) -> Markup:
    return join(*(tag("code", text) if code else text for code, text in code_spans(prose)))


def prose(markdown: str) -> Markup | None:
    """Format paragraphs, lists and code, as far as the checks use them."""
    elements: list[Markup] = []
    items: list[Markup] = []
    for kind, block in [*markdown_blocks(markdown), ("", "")]:
        if kind == "item":
            items.append(tag("li", inline(block)))
            continue
        if items:
            elements.append(tag("ul", join_lines(*items)))
            items = []
        if kind:
            elements.append(pre(block, "code") if kind == "code" else tag("p", inline(block)))
    return join_lines(*elements) if elements else None


def pre(code: str, kind: str) -> Markup:
    """Format lines that do not wrap; they scroll, also with the keyboard."""
    return tag("pre", tag("code", code), class_=kind, tabindex=0)


def definition_list(*pairs: tuple[str, str]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", term), " ", tag("dd", text)) for term, text in pairs))


def table(caption: str, headings: Iterable[str], rows: Iterable[Markup]) -> Markup:
    head = tag("tr", *(tag("th", heading, scope="col") for heading in headings))
    return tag(
        "table", tag("caption", caption), tag("thead", head), tag("tbody", join_lines(*rows))
    )
