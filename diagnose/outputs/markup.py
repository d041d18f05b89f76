"""HTML made of Python values, so that nothing in it can be forgotten to be escaped.

A `Markup` was made here, by `tag`. Every other text is escaped on its way in, and what
controls a terminal or turns the direction of writing is replaced, as everywhere.
"""

import html
from collections.abc import Iterable

from diagnose.outputs.document import code_spans, sanitize_lines
from diagnose.outputs.terminal import markdown_blocks

#: HTML's elements without an end (HTML Living Standard, 13.1.2), as far as they are used.
_VOID = {"meta"}


class Markup(str):
    """Tags and all, as they go into the page."""

    __slots__ = ()


def escape(value: str) -> Markup:
    """A text in which nothing is a tag, a reference or the end of an attribute."""
    return (
        value
        if isinstance(value, Markup)
        else Markup(html.escape(sanitize_lines(value), quote=True))
    )


def tag(name: str, /, *children: str | None, **attributes: str | int | None) -> Markup:
    """An element. Of an attribute's name a last `_` is dropped and others become `-`; one that
    is None is left out."""
    attribute_text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{attribute_text}>")
    return Markup(f"<{name}{attribute_text}>{join(*children)}</{name}>")


def join(*parts: str | None) -> Markup:
    """Parts one after another; None is nothing."""
    return Markup("".join(escape(part) for part in parts if part is not None))


def join_lines(*parts: str | None) -> Markup:
    """Parts each on a line of their own: blanks between blocks, for those who read the source."""
    return Markup("".join(f"\n{escape(part)}" for part in parts if part) + "\n")


def inline(prose: str) -> Markup:
    return join(*(tag("code", text) if code else text for code, text in code_spans(prose)))


def prose(markdown: str) -> Markup | None:
    """Paragraphs, lists and code, as far as the checks use them."""
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
    """Lines that are never folded: they scroll, also by the keyboard."""
    return tag("pre", tag("code", code), class_=kind, tabindex=0)


def definition_list(*pairs: tuple[str, str]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", term), " ", tag("dd", text)) for term, text in pairs))


def table(caption: str, headings: Iterable[str], rows: Iterable[Markup]) -> Markup:
    head = tag("tr", *(tag("th", heading, scope="col") for heading in headings))
    return tag(
        "table", tag("caption", caption), tag("thead", head), tag("tbody", join_lines(*rows))
    )
