"""The program of this server that has what a refusing port was asked for: nginx has its port wrong.

The program was asked for the path that visitors want, and for one that nobody has, as the control.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import Backend
from checks.upstream._address_lines import address_line
from checks.upstream._edits import edit_fix, replace_in_directives
from diagnose.model import Evidence, Fix
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import CONTAINER_PROCESSES, Containers
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.other_programs import has_path, is_of_many
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import parse_url

_PORT = re.compile(r":(\d{1,5})(?![\w.:])")


@frozen
class MeantProgram:
    """A program that listens on another port of this server than the web server has. `how` is how
    that is known: it has what visitors want at `path` ("path"), it is the only one with a page
    ("page"), the only one of those whose port looks like the wrong one ("near") or that have the
    name of the site ("name"), or the only one of PHP ("php"). `is_named`: another line of the same
    site has its port."""

    port: int
    process: str
    path: str = ""
    visit: BackendVisit | None = None
    how: Literal["path", "page", "near", "name", "php"] = "path"
    is_named: bool = False


def meant_program(nginx: Nginx, backend: Backend) -> MeantProgram | None:
    """Return the only program that has what visitors want from a backend, and that no line of
    nginx names, or else lines of the same server block for other paths; None where several have
    it, or where many programs have such a path."""
    named, beside = named_ports(nginx), _ports_beside(backend)
    visits = {
        url.port: visit
        for visit in _fitting_visits(nginx, backend)
        if (url := parse_url(visit.target)) is not None
    }
    return only_program(nginx.evidence, visits, named, beside)


def only_program(
    evidence: Evidence,
    visits: Mapping[int, BackendVisit],
    named: Collection[int],
    beside: Collection[int],
) -> MeantProgram | None:
    """Return the only program, of those with a visit by their port, to whose port no line of a
    configuration leads, or else to which lines of the same site lead; None where there are
    several."""
    programs = {port: visit for port, visit in visits.items() if port not in named}
    is_named = not programs
    if is_named:
        programs = {port: visit for port, visit in visits.items() if port in beside}
    if len(programs) != 1:
        return None
    ((port, visit),) = programs.items()
    name = program_name(evidence, port)
    return MeantProgram(port, name, visit.requested, visit, is_named=is_named)


def program_name(evidence: Evidence, port: int) -> str:
    """Return the program that listens on a port of this server, "" if it is not known: of a
    container that publishes it, the name and the image."""
    sockets = (socket for listing in evidence.good(Listeners) for socket in listing.on(port))
    process = next((socket.process or "" for socket in sockets), "")
    if process not in CONTAINER_PROCESSES:
        return process
    containers = (each for item in evidence.good(Containers) for each in item.running)
    container = next((each for each in containers if each.publishes(port)), None)
    if container is None:
        return process
    return f"{container.name} ({container.image})" if container.image else container.name


def is_everywhere(visits: Iterable[BackendVisit], visit: BackendVisit) -> bool:
    """Return whether a program has a path that nobody has as well, or was not asked for one."""
    controls = [
        other
        for other in visits
        if (other.target, other.websocket) == (visit.target, visit.websocket)
        if other.path == unknown_path(visit.path)
    ]
    return not controls or any(map(has_path, controls))


def _ports_beside(backend: Backend) -> set[int]:
    """Return the ports of this server to which other locations of the server blocks lead."""
    own = {
        id(directive)
        for match in backend.location_matches
        for directive in walk(match.block.block or ())
    }
    return {
        url.port
        for match in backend.location_matches
        for directive in walk(match.blocks[1].block or ())
        if directive.name == "proxy_pass" and directive.args and id(directive) not in own
        if (url := parse_url(directive.args[0])) and is_local_host(url.host) and not url.secure
    }


def named_ports(nginx: Nginx) -> set[int]:
    """Return the ports to which lines of nginx lead."""
    return {
        int(port)
        for directive in (walk(nginx.config.main) if nginx.config else ())
        if directive.name not in {"listen", "server_name"}
        for arg in directive.args[:2]
        for port in _PORT.findall(arg)
    }


def _fitting_visits(nginx: Nginx, backend: Backend) -> Iterator[BackendVisit]:
    """Yield the visits of programs that have a page or a WebSocket at a path which comes to the
    backend, and not at every path."""
    visits = nginx.evidence.good(BackendVisit)
    blocks = {id(match.block) for match in backend.location_matches}
    for visit in visits:
        if not has_path(visit):
            continue
        matches = [
            match for match in nginx.location_matches(visit.requested) if id(match.block) in blocks
        ]
        if not matches or is_everywhere(visits, visit):
            continue
        pattern = location_pattern(matches[0].block)
        is_rest = pattern is None or pattern.text == "/"
        if not (is_rest and is_of_many(visit.requested)):
            yield visit


def port_fix(
    nginx: Nginx, backend: Backend, program: MeantProgram, step: str, is_whole: bool = False
) -> Fix | None:
    """Return the fix that writes the program's port into the line which has the wrong one; None if
    that takes a person. Which program visitors are to reach, a person confirms. `is_whole`: into
    each line that has it, as the program has more than one path."""
    endpoints = backend.proxy_target.endpoints
    is_one = len(backend.proxy_targets) == 1
    if len(endpoints) != 1 or not endpoints[0].port or not (is_one or is_whole):
        return None
    lines = [address_line(backend, endpoints[0].port)]
    if not is_one and lines[0] is backend.proxy_target.directive:
        lines = [proxy_target.directive for proxy_target in backend.proxy_targets]
    changes: Changes = {}
    old, new = str(endpoints[0].port), str(program.port)
    if lines[0].name == "set" and lines[0].args[1:] == (old,):
        # A variable may hold the port alone.
        replace_in_directives(nginx, lines, old, new, changes)
    else:
        replace_in_directives(nginx, lines, f":{old}", f":{new}", changes)
    return edit_fix(nginx, changes, step, sure=False) if changes else None
