"""Directives of a configuration that stand in comments. No I/O."""

import re
from collections.abc import Container, Iterator
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import TextEdit

#: A whole directive in one line behind the sign of a comment. Prose has no such end.
_COMMENT = re.compile(
    r"(?m)^[ \t]*(?P<sign>#[# \t]*)(?P<name>[a-z_]{2,40})[ \t]+"
    r"(?P<args>[^\s;{}#\"'][^;{}#\"'\n]{0,300});[ \t]*(?:#[^\n]*)?$"
)


@frozen
class CommentedLine:
    """A directive in a comment, and the edit that switches it on."""

    directive: Directive
    edit: TextEdit


def commented_lines(text: str, block: Directive, names: Container[str]) -> Iterator[CommentedLine]:
    """Yield the directives of these names that stand in comments of a block itself, and not of one
    inside it. `text` is the text of the block's file."""
    if not 0 < block.opened <= block.stop <= len(text):
        return
    inner = sorted(
        (each.start, each.stop)
        for each in block.block or ()
        if each.file == block.file and each.block is not None
    )
    counted, line, at = block.opened, text.count("\n", 0, block.opened) + 1, 0
    for match in _COMMENT.finditer(text, block.opened, block.stop):
        while at < len(inner) and inner[at][1] <= match.start():
            at += 1
        is_inner = at < len(inner) and inner[at][0] < match.start()
        if is_inner or match["name"] not in names:
            continue
        line += text.count("\n", counted, match.start("name"))
        counted = match.start("name")
        start, stop = match.start("name"), match.end("args") + 1
        directive = replace(
            block, name=match["name"], args=tuple(match["args"].split()), line=line, start=start,
            stop=stop, block=None, opened=0,
        )  # fmt: skip
        yield CommentedLine(directive, TextEdit(match.start("sign"), start, "", block.file))
