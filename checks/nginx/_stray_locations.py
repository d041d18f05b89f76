"""Locations that stand outside of every server block: nginx refuses the file, and goes on without
them. They are meant for the block that ends just before them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from checks.nginx import Nginx
from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit, indentation, insert_last
from diagnose.parsers.nginx.locations import match_location
from diagnose.parsers.nginx.server_blocks import Server

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n)?")
#: With one of them, a block answers before it looks further.
_ANSWERS = ("return", "rewrite")


@frozen
class Strays:
    """Directives of one file that stand beside its server blocks, from the first that belongs into
    one to the last. `server` is the block that they are meant for, None if several may be;
    `is_next` is True if it ends just before them."""

    directives: tuple[Directive, ...]
    server: Directive | None
    is_next: bool = False

    @property
    def locations(self) -> tuple[Directive, ...]:
        return tuple(directive for directive in self.directives if directive.name == "location")


def strays_from(siblings: Sequence[Directive], first: Directive) -> Strays:
    """Return what stands outside of the server blocks, from `first` to the last location before
    the next block of another kind."""
    own = sorted(
        (sibling for sibling in siblings if sibling.file == first.file), key=lambda d: d.start
    )
    before = [each for each in own if each.start < first.start]
    after = [each for each in own if each.start >= first.start]
    end = next(
        (at for at, each in enumerate(after) if each.block is not None and not _is_inner(each)),
        len(after),
    )
    last = max((at for at, each in enumerate(after[:end]) if _is_inner(each)), default=0)
    group = tuple(after[: last + 1])
    usable = [each for each in own if each.name == "server" and not _answers_itself(each)]
    blocks = [each for each in before if each.block is not None]
    if blocks and blocks[-1] in usable:
        return Strays(group, blocks[-1], is_next=True)
    is_behind = any(block.name == "server" for block in blocks)
    return Strays(group, usable[0] if is_behind and len(usable) == 1 else None)


def _is_inner(directive: Directive) -> bool:
    return directive.name in {"location", "if"}


def _answers_itself(server: Directive) -> bool:
    """Return whether a block redirects whatever is asked, as that of port 80 does."""
    places = [server, *(child for child in children(server, "location") if child.args == ("/",))]
    return any(children(place, name) for place in places for name in _ANSWERS)


def stray_edits(text: str, strays: Strays, outer: Directive | None) -> tuple[TextEdit, ...]:
    """Return the edits of the file that put the directives into their block: its closing brace
    moves behind them, or they move before it. () if the block has such a location already. `outer`
    is the block of this file that holds all of them."""
    server, group = strays.server, strays.directives
    if server is None or text[server.stop - 1 : server.stop] != "}":
        return ()
    taken = {child.args for child in children(server, "location")}
    if any(each.args in taken or not text.startswith(each.name, each.start) for each in group):
        return ()
    if not strays.is_next:
        return _moved(text, server, group)
    brace = server.stop - 1
    start, stop = text.rfind("\n", 0, brace) + 1, _line_stop(text, brace + 1)
    is_alone = text[start:stop].strip() == "}"
    removed = TextEdit(start, stop, "") if is_alone else TextEdit(brace, brace + 1, "")
    end = _brace_after(text, group[-1].stop)
    if end is not None and outer is not None and end == outer.stop - 1:
        end = _brace_after(text, outer.stop)
    if end is not None:
        return (removed,)  # the block's own end is there as well
    at = _line_stop(text, group[-1].stop)
    lead = "" if text[:at].endswith("\n") else "\n"
    return removed, TextEdit(at, at, f"{lead}{indentation(text, server)}}}\n")


def _brace_after(text: str, at: int) -> int | None:
    """Return where the closing brace is that comes next, None if something else does."""
    blank = _BLANK.match(text, at)
    return blank.end() if blank and text.startswith("}", blank.end()) else None


def _moved(text: str, server: Directive, group: Sequence[Directive]) -> tuple[TextEdit, ...]:
    start, stop = group[0].start, group[-1].stop
    lines = text[start:stop].split("\n")
    line_start = text.rfind("\n", 0, start) + 1
    begin = line_start if not text[line_start:start].strip() else start
    return insert_last(text, server, lines), TextEdit(begin, _line_stop(text, stop), "")


def _line_stop(text: str, at: int) -> int:
    """Return the end of the line, where only blanks and a comment follow."""
    end = _LINE_END.match(text, at)
    return end.end() if end and (text[: end.end()].endswith("\n") or end.end() == len(text)) else at


def stray_location(nginx: Nginx, path: str) -> Directive | None:
    """Return the stray location that would take a path in the block that answers now; None if none
    would, or if nginx does not refuse the files."""
    if nginx.config is None or nginx.test is None or nginx.test.passed or nginx.is_refused:
        return None
    main = nginx.config.main
    for siblings in (main, *(each.block or () for each in main if each.name == "http")):
        first = next((sibling for sibling in siblings if sibling.name == "location"), None)
        if first is None:
            continue
        strays = strays_from(siblings, first)
        for selection in nginx.answering_servers():
            if taking := _taking(selection.server, strays, path):
                return taking
    return None


def cause_of_stray(nginx: Nginx, path: str) -> tuple[str, ...]:
    """Return the finding from which it follows that no location has a path: one that was to take it
    stands outside of its block. () if none does."""
    return ("nginx.config-invalid",) if stray_location(nginx, path) is not None else ()


def _taking(server: Server, strays: Strays, path: str) -> Directive | None:
    if strays.server is not None and strays.server is not server.block:
        return None
    block = replace(server.block, block=(*(server.block.block or ()), *strays.locations))
    blocks = match_location(replace(server, block=block), path).blocks
    return next(
        (location for location in strays.locations if any(location is part for part in blocks)),
        None,
    )


def stray_failures(nginx: Nginx) -> tuple[Observation, ...]:
    """Return what fails for visitors at paths that a stray location is meant for."""
    if nginx.test is None or nginx.test.passed:
        return ()
    from checks.nginx._unused_locations import failures

    return failures(nginx, lambda path: stray_location(nginx, path) is not None)
