"""Splits the beginning of an HTML document into tags and texts, in linear time. No I/O.

The tokenizer of the HTML standard (section 13.2.5), reduced to what decides which files a page
loads: comments, the texts of scripts and the like, attributes with their quotes and character
references. `html.parser` of the standard library needs seconds for 64 KiB of unfinished tags.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Attributes of a tag that are kept, and characters of a value.
MAX_ATTRIBUTES, MAX_VALUE = 64, 4096

_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_ATTRIBUTE = lazy_pattern(r"[\s/]*+([^\s/>][^\s/>=]*+)(\s*+=\s*+)?+")
_UNQUOTED = lazy_pattern(r"[^\s>]*+")
_END_OF_TAG = re.compile(r"[\s/]*+>")

#: Elements whose content is text without tags (13.2.5.1). noscript is one while scripts run.
_RAW_TEXT = frozenset(
    ("script", "style", "textarea", "title", "noscript", "iframe", "noembed", "noframes", "xmp")
)
_END_TAG = {name: lazy_pattern(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_TEXT}


@frozen
class Tag:
    """A start tag, or an end tag (`closes`). `text` is the text in a script and the like."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    closes: bool = False
    text: str = ""

    def attribute(self, name: str) -> str | None:
        """Return the value of an attribute, or None if it is not there."""
        return next((value for key, value in self.attributes if key == name), None)


@frozen
class Text:
    """The text between two tags, not decoded."""

    text: str


@frozen
class Doctype:
    """The document type, without `<!` and `>`."""

    text: str


Token = Tag | Text | Doctype


def tokens(document: str) -> Iterator[Token]:
    """Yield the tags and texts of a document. An unfinished tag or comment ends it: everything
    behind belongs to it."""
    position = 0
    while (start := document.find("<", position)) >= 0:
        if start > position:
            yield Text(document[position:start])
        token, position = _token(document, start)
        if token is not None:
            yield token
        if position < 0:
            return
    if position < len(document):
        yield Text(document[position:])


def _token(document: str, start: int) -> tuple[Token | None, int]:
    """Return the token at a `<`, None for a comment, and the position behind it: -1 if the document
    ends in it."""
    if document.startswith("<!--", start):
        return None, _position_after(document, "-->", start + 2)
    if document.startswith(("<!", "<?"), start):
        end = document.find(">", start)
        declaration = document[start + 2 : end] if end >= 0 else ""
        is_doctype = declaration[:7].lower() == "doctype"
        return (Doctype(declaration) if is_doctype else None), end + 1 or -1
    closes = document.startswith("</", start)
    name = _NAME.match(document, start + 1 + closes)
    if name is None:
        return Text("<"), start + 1
    attributes, end = _attributes(document, name.end())
    tag_name = name[0].lower()
    if end < 0:
        return None, -1
    if closes or tag_name not in _RAW_TEXT:
        return Tag(tag_name, attributes, closes), end
    closing = _END_TAG[tag_name].search(document, end)
    text = document[end : closing.start() if closing else len(document)]
    return Tag(tag_name, attributes, text=text), closing.start() if closing else -1


def _position_after(document: str, text: str, start: int) -> int:
    position = document.find(text, start)
    return position + len(text) if position >= 0 else -1


def unescape(text: str) -> str:
    """Return the text with its character references replaced (`html.unescape`)."""
    if "&" not in text:
        return text
    import html  # and the names of two thousand characters

    return html.unescape(text)


def _attributes(document: str, position: int) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return the attributes of a tag, and the position behind it: -1 if the document ends in it."""
    attributes: list[tuple[str, str]] = []
    while not (end := _END_OF_TAG.match(document, position)):
        attribute = _ATTRIBUTE.match(document, position)
        if attribute is None:
            return (), -1
        position, value = attribute.end(), ""
        if attribute[2]:
            value, position = _value(document, position)
            if position < 0:
                return (), -1
        if len(attributes) < MAX_ATTRIBUTES:
            attributes.append((attribute[1].lower(), unescape(value[:MAX_VALUE])))
    return tuple(attributes), end.end()


def _value(document: str, position: int) -> tuple[str, int]:
    quote = document[position : position + 1]
    if quote in {'"', "'"}:
        end = document.find(quote, position + 1)
        return document[position + 1 : end], end + 1 or -1
    match = _UNQUOTED.match(document, position)
    return (match[0], match.end()) if match else ("", position)


def excerpt(document: str, length: int = 120) -> str:
    """Return what a page says, without its tags, in at most `length` characters: its title and its
    texts, as they are written."""
    pieces = (
        token.text
        for token in tokens(document)
        if isinstance(token, Text) or (isinstance(token, Tag) and token.name == "title")
    )
    text = " ".join(" ".join(pieces).split())
    return text if len(text) <= length else f"{text[: length - 1]}…"
