"""HTML made of Python values, so that nothing in it can be forgotten to be escaped.

A `Markup` was made here, by `tag`. Every other text is escaped on its way in, and what
controls a terminal or turns the direction of writing is replaced, as everywhere.
"""

import html
from collections.abc import Iterable

from diagnose.outputs.document import clean, spans
from diagnose.outputs.terminal import blocks

#: HTML's elements without an end (HTML Living Standard, 13.1.2), as far as they are used.
_VOID = {"meta"}


class Markup(str):
    """Tags and all, as they go into the page."""

    __slots__ = ()


def text(value: str) -> Markup:
    """A text in which nothing is a tag, a reference or the end of an attribute."""
    return value if isinstance(value, Markup) else Markup(html.escape(clean(value), quote=True))


def tag(name: str, /, *inside: str | None, **attributes: str | int | None) -> Markup:
    """An element. Of an attribute's name a last `_` is dropped and others become `-`; one that
    is None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*inside)}</{name}>")


def joined(*parts: str | None) -> Markup:
    """Parts one after another; None is nothing."""
    return Markup("".join(text(part) for part in parts if part is not None))


def lines(*parts: str | None) -> Markup:
    """Parts each on a line of their own: blanks between blocks, for those who read the source."""
    return Markup("".join(f"\n{text(part)}" for part in parts if part) + "\n")


def inline(prose: str) -> Markup:
    return joined(*(tag("code", text) if code else text for code, text in spans(prose)))


def prose(markdown: str) -> Markup | None:
    """Paragraphs, lists and code, as far as the checks use them."""
    made: list[Markup] = []
    items: list[Markup] = []
    for kind, block in [*blocks(markdown), ("", "")]:
        if kind == "item":
            items.append(tag("li", inline(block)))
            continue
        if items:
            made.append(tag("ul", lines(*items)))
            items = []
        if kind:
            made.append(pre(block, "code") if kind == "code" else tag("p", inline(block)))
    return lines(*made) if made else None


def pre(code: str, kind: str) -> Markup:
    """Lines that are never folded: they scroll, also by the keyboard."""
    return tag("pre", tag("code", code), class_=kind, tabindex=0)


def terms(*pairs: tuple[str, str]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", term), " ", tag("dd", text)) for term, text in pairs))


def table(caption: str, heads: Iterable[str], rows: Iterable[Markup]) -> Markup:
    head = tag("tr", *(tag("th", one, scope="col") for one in heads))
    return tag("table", tag("caption", caption), tag("thead", head), tag("tbody", lines(*rows)))
