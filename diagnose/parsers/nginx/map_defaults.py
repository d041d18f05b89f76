"""A `map` of host names to applications whose default takes a host (ngx_http_map_module).
No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.misspellings import closest_misspelling
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.long_runs import entries
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.variables import map_of

_SOURCES = frozenset({"$host", "$http_host", "$ssl_server_name"})
_VARIABLE = re.compile(r"\$\{?(\w{1,60})\}?")
#: ".example.com" is a wildcard (the parameter `hostnames`).
_PLAIN = re.compile(r"[a-z0-9-][a-z0-9.-]{0,252}")


@frozen
class MapDefault:
    """The map, its default and its value; `near` is the entry that is meant for the host, by its
    name or because all others have one value; None if nobody can tell."""

    table: Directive
    value: str
    near: Directive | None
    is_like: bool


def map_defaults(location: LocationMatch, host: str) -> Iterator[MapDefault]:
    """Yield the maps by whose default a location chooses its application for a host."""
    passing = pass_directive_of(location)
    for name in _VARIABLE.findall(passing.args[0]) if passing else ():
        table = map_of(location.blocks[0], name)
        if table is None or table.args[0] not in _SOURCES or children(table, "include"):
            continue
        lines = [line for line in entries(table.block) if line.args]
        defaults = [line for line in lines if line.name == "default"]
        others = [line for line in lines if _PLAIN.fullmatch(line.name) and line.name != "default"]
        # A wildcard or an expression may have the host.
        is_plain = len(lines) == len(defaults) + len(others)
        if not defaults or not is_plain or any(line.name == host for line in others):
            continue
        value = defaults[0].args[0]
        others = [line for line in others if line.args[0] != value]
        near = _near(others, host)
        if near is None and others and len({line.args[0] for line in others}) == 1:
            yield MapDefault(table, value, others[-1], False)
        elif others:
            yield MapDefault(table, value, near, near is not None)


def _near(others: list[Directive], host: str) -> Directive | None:
    bare = host.removeprefix("www.")
    twin = bare if bare != host else f"www.{host}"
    names = {line.name: line for line in others}
    return names.get(twin) or names.get(closest_misspelling(names, host))
