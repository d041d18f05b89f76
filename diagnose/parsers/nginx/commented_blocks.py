"""Locations of a configuration that stand in comments as a whole. No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import TextEdit

#: Maximum number of lines of a block that are read, and of lines of one location.
_MAX_LINES, _MAX_BODY = 4000, 60

_COMMENT = re.compile(r"([ \t]*)#+[ \t]?([^\n]{0,500})")
_HEAD = re.compile(r"[ \t]*location[ \t]+(?:(=|\^~)[ \t]*)?(/[\w./~-]{0,200})[ \t]*\{[ \t]*")
#: What a location has: directives that end, blocks that open or close, and comments. Prose has
#: no such end.
_BODY = re.compile(r"[ \t]*(?:[a-z][^\n]*[;{][ \t]*(?:#[^\n]*)?|\}[ \t]*|#[^\n]*|)")
_PASSES = re.compile(r"[ \t]*(?:proxy|fastcgi|uwsgi|grpc|scgi)_pass[ \t]+([^\s;#]{1,300})[ \t]*;")


@frozen
class CommentedLocation:
    """A location in a comment: its modifier ("", "=" or "^~"), its path, what it passes requests on
    to, its line, and the edit that switches it on."""

    modifier: str
    path: str
    target: str
    line: int
    edit: TextEdit

    def takes(self, path: str) -> bool:
        return path == self.path if self.modifier == "=" else path.startswith(self.path)


def commented_locations(text: str, block: Directive) -> Iterator[CommentedLocation]:
    """Yield the locations that stand in comments of a block itself, each line behind its own sign,
    and that pass requests on. `text` is the text of the block's file."""
    if not 0 < block.opened <= block.stop <= len(text):
        return
    inner = [
        (directive.start, directive.stop)
        for directive in block.block or ()
        if directive.file == block.file and directive.block is not None
    ]
    lines = text[block.opened : block.stop].split("\n")[:_MAX_LINES]
    offset, number, index = block.opened, text.count("\n", 0, block.opened) + 1, 0
    while index < len(lines):
        body = _body(lines[index : index + _MAX_BODY])
        taken = len(body) or 1
        length = sum(len(line) + 1 for line in lines[index : index + taken])
        is_inner = any(start < offset < stop for start, stop in inner) if body else False
        if body and not is_inner:
            location_block = _location(body, offset, offset + length - 1, number, block.file)
            if location_block is not None:
                yield location_block
        offset, number, index = offset + length, number + taken, index + taken


def _body(lines: list[str]) -> list[str]:
    """Return the lines of a location without their signs; [] if none begins and ends here."""
    body: list[str] = []
    depth = 0
    for line in lines:
        match = _COMMENT.fullmatch(line.rstrip("\r"))
        plain = match[2] if match else ""
        shape = _BODY if body else _HEAD
        if match is None or not shape.fullmatch(plain):
            return []
        body.append(match[1] + plain)
        code = plain.partition("#")[0]
        depth += code.count("{") - code.count("}")
        if depth <= 0:
            return body
    return []


def _location(
    body: list[str], start: int, stop: int, number: int, file: str
) -> CommentedLocation | None:
    head = _HEAD.fullmatch(body[0])
    targets = [match[1] for line in body if (match := _PASSES.match(line))]
    if head is None or len(targets) != 1:
        return None
    edit = TextEdit(start, stop, "\n".join(body), file)
    return CommentedLocation(head[1] or "", head[2], targets[0], number, edit)
