"""A variable of proxy_pass that its location does not set, and what sets it: a `set` with a slip in
its name, or the value that all other locations give it."""

import re

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._slips import is_one_edit_apart
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch


@frozen
class MissingSet:
    """The lines that set the variables, and the fix that writes them. `place` is where the first
    value stands, `written` the name with the slip, "" without one."""

    line: str
    place: str
    written: str
    fix: Fix


def missing_set(
    nginx: Nginx, location: LocationMatch, passing: Directive, names: set[str]
) -> MissingSet | None:
    """Return what sets these variables for the location of a proxy_pass; None if it is not known
    for each of them."""
    lines: list[str] = []
    changes: dict[str, list[TextEdit]] = {}
    place = written = ""
    file = nginx.file(passing)
    for name in sorted(names):
        if file is None or any(_sets(block, name) for block in location.blocks):
            return None
        if slip := _slip(location, passing, name):
            line = f"set ${name} {slip.args[1]};"
            own = nginx.file(slip)
            if own is None:
                return None
            changes.setdefault(own.path, []).append(edits.replace_directive(slip, line))
            written = slip.args[0]
        elif slip := _same_value(nginx, name):
            line = f"set ${name} {slip.args[1]};"
            changes.setdefault(file.path, []).append(
                edits.insert_before(file.text, passing, [line])
            )
        else:
            return None
        lines.append(line)
        place = place or file_line(slip)
    steps = config_edits(nginx, changes)
    if not steps:
        return None
    fix = Fix((*steps, *reload_steps(nginx)), Applicability.REVIEW)
    return MissingSet(" ".join(lines), place, written, fix)


def _sets(block: Directive, name: str) -> bool:
    return any(line.args[:1] == (f"${name}",) for line in children(block, "set"))


def _is_plain(line: Directive) -> bool:
    return len(line.args) == 2 and bool(line.args[1]) and "$" not in line.args[1]


def _slip(location: LocationMatch, passing: Directive, name: str) -> Directive | None:
    """Return the only `set` beside the proxy_pass whose name is almost this one, and is not used
    there."""
    used = re.findall(r"\$\{?(\w+)", passing.args[0])
    alike = [
        line
        for block in location.blocks
        if passing in (block.block or ())
        for line in children(block, "set")
        if _is_plain(line)
        and is_one_edit_apart(line.args[0][1:], name)
        and line.args[0][1:] not in used
    ]
    return alike[0] if len(alike) == 1 else None


def _same_value(nginx: Nginx, name: str) -> Directive | None:
    """Return a `set` of the variable, if all in the site's block have the same value."""
    blocks = {
        id(selected_server.server.block): selected_server.server.block
        for selected_server in nginx.selected_servers()
    }
    lines = [
        line
        for block in blocks.values()
        for line in walk(block.block or ())
        if line.name == "set" and line.args[:1] == (f"${name}",)
    ]
    is_one = len({line.args[1:] for line in lines}) == 1 and _is_plain(lines[0])
    return lines[0] if is_one else None
