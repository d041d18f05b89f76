"""The programs behind the site's WebSockets, as far as a web server's configuration shows them.
No I/O."""

from collections.abc import Iterator

from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.program_logs import endpoints_of, own_endpoints
from diagnose.probes.inside.websocket_locations import passing_paths

#: Most programs that are looked at.
_MAX_PROGRAMS = 3


def websocket_programs(ctx: ProbeContext) -> list[str]:
    """Return the ports and Unix sockets that the site's WebSockets are passed on to, at most three,
    each once: a server may have a rule for them alone, beside that of its pages."""
    return list(dict.fromkeys(_endpoints(ctx)))[:_MAX_PROGRAMS]


def _endpoints(ctx: ProbeContext) -> Iterator[str]:
    target = ctx.target
    for server in ctx.observed(WebServerConfig):
        for path in (*target.websockets, target.path):
            bare = path.partition("?")[0]
            routes = routes_of_name(server, target.port, target.host, bare, True)
            yield from own_endpoints(ctx, routes[:2])
    for path in (*target.websockets, *passing_paths(ctx, "/"), target.path):
        yield from endpoints_of(ctx, path)
