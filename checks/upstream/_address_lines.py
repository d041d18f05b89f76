"""The line that holds the address of an application: `proxy_pass` names a block, or a variable,
and the port stands elsewhere."""

import re
from collections.abc import Callable

from checks.nginx import Nginx, file_line
from checks.upstream import Backend
from diagnose.model.nginx import Directive
from diagnose.parsers.generated_files import GeneratedFile, generated_file
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.nginx.variables import map_of, set_directive

_VARIABLE = re.compile(r"\$\{?(\w+)")
#: How often a variable is followed to the next one.
_MAX_STEPS = 4


def address_line(backend: Backend, port: int) -> Directive:
    """Return the directive in which the port of a backend's server stands: the pass directive, a
    `server` of an upstream block, a `set`, or a line of a `map`. Without such a line: the pass
    directive."""
    match, target = backend.location_matches[0], backend.proxy_target
    own = target.directive
    for endpoint in target.endpoints:
        if endpoint.port == port and endpoint.directive not in {None, own}:
            return endpoint.directive or own
    return _line_of_variable(match, target, str(port), _has_port) or own


def host_line(backend: Backend) -> Directive:
    """Return the directive in which the host of a backend's first server stands: the pass
    directive, or the `set` or the line of a `map` that gives its variable the value."""
    match, target = backend.location_matches[0], backend.proxy_target
    host = target.endpoints[0].host if target.endpoints else ""
    if not target.has_variables or target.group is not None or not host:
        return target.directive
    return _line_of_variable(match, target, host, _has_host) or target.directive


def shown_target(target: ProxyTarget) -> str:
    """Return where a location passes requests on to, with the values of variables as far as they
    name a server."""
    if not target.has_variables or target.group is not None or not target.endpoints:
        return target.target
    return f"{target.scheme}://{target.authority}"


def _has_host(text: str, host: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w.-])", text) is not None


def _line_of_variable(
    match: LocationMatch,
    target: ProxyTarget,
    part: str,
    has_part: Callable[[str, str], bool],
) -> Directive | None:
    text = target.directive.args[0] if target.directive.args else ""
    if has_part(text, part):
        return None
    names = _VARIABLE.findall(text)
    for _ in range(_MAX_STEPS):
        onward: list[str] = []
        for name in names:
            for line in _lines_of(match, name):
                if has_part(line.args[-1], part):
                    return line
                onward += _VARIABLE.findall(line.args[-1])
        names = onward[:_MAX_STEPS]
    return None


def _lines_of(match: LocationMatch, name: str) -> tuple[Directive, ...]:
    """Return the lines that give a variable its value."""
    if line := set_directive(match, name):
        return (line,)
    block = map_of(match.blocks[0], name)
    return tuple(line for line in (block.block or () if block else ()) if line.args)


def _has_port(text: str, port: str) -> bool:
    return re.search(rf"(?:^|:){port}(?![\w.])", text) is not None


def line_facts(backend: Backend, port: int) -> dict[str, object]:
    """Return the name of the line that holds the port, and its place."""
    directive = address_line(backend, port)
    is_server = directive in _server_lines(backend)
    own = backend.proxy_target.directive
    name = directive.name if directive is own or is_server or directive.name == "set" else "map"
    return {"line": name, "line_place": file_line(directive)}


def _server_lines(backend: Backend) -> tuple[Directive, ...]:
    """Return the `server` lines of the upstream block that a backend is."""
    group = backend.proxy_target.group
    return tuple(children(group, "server")) if group else ()


def writer_of(nginx: Nginx, directive: Directive) -> GeneratedFile | None:
    """Return the program that writes the file of a line anew; None if nothing tells of one."""
    file = nginx.file(directive)
    return generated_file(file.text, file.path, file.real) if file else None
