"""The lines by which Caddy sends fields of its responses: the directive `header`, and `header_down`
of `reverse_proxy`."""

import re
from collections.abc import Iterator

from checks.server import ServerView
from checks.server._caddy_lines import own_lines
from checks.server._field_lines import FieldLine

_VALUE = (
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\s\"`{][^\s]*|\{[\w.-]{1,100}\}[^\s{}]{0,100})\s*"
)
_NAME = r"[+>?]{0,2}(?P<name>[\w-]{1,100})\s+"
_HEADER = re.compile(rf"\s*header\s+(?:[*/@]\S{{0,200}}\s+)?{_NAME}{_VALUE}")
_DOWN = re.compile(rf"\s*header_down\s+{_NAME}{_VALUE}")
_IN_BLOCK = re.compile(rf"\s*{_NAME}{_VALUE}")
_ESCAPED = re.compile(r"\\([\"\\])")


def field_lines(view: ServerView, name: str) -> Iterator[FieldLine]:
    """Yield the lines that set a field in the target's sites, and in snippets outside of all. A
    value with "{" has placeholders."""
    for line in own_lines(view):
        is_comment = line.text.lstrip().startswith("#")
        match = None if is_comment else _match(line.heads, line.text)
        if match and match["name"].lower() == name.lower():
            word = match["value"]
            value = _ESCAPED.sub(r"\1", word[1:-1]) if word[0] in '"`' else word
            start, stop = match.span("value")
            has_no_placeholder = "{" not in value
            yield FieldLine(
                line.file, line.number, line.text, start, stop, value, has_no_placeholder
            )


def quoted(value: str) -> str:
    """Return a value as a token of Caddy's (Caddyfile Concepts, "Tokens and quotes")."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if value.isprintable() and "{" not in value else ""


def _match(heads: tuple[str, ...], text: str) -> re.Match[str] | None:
    """Return the match of a line that sets a field, by the block in which it stands: a matcher has
    lines with `header` too."""
    if any(head.startswith("@") for head in heads):
        return None
    if heads[-1:] == ("header",):
        return _IN_BLOCK.fullmatch(text)
    return _HEADER.fullmatch(text) or _DOWN.fullmatch(text)
