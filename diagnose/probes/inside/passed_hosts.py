"""The hosts to which the web server passes a path on, and where their programs are: on this
machine, or in a container of its engine."""

import re
from collections.abc import Iterator

from diagnose.model.addresses import is_local_host
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.upstream_routes import find_route

#: By which a container reaches the machine (Docker's documentation, "bridge", "host-gateway").
_GATEWAYS = {"172.17.0.1", "host.docker.internal"}
#: The name of a container, of its service or of a network, or an address.
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")


@frozen
class ProgramPlace:
    """Where the program behind a path is, as the scripts look for it: a port of this machine, or
    "=HOST NETWORK…", a container of its engine, with the networks of the web server's container.
    `port` is the program's own."""

    place: str
    port: int


def passed_on_to(ctx: ProbeContext, path: str) -> Iterator[tuple[str, int]]:
    """Yield the hosts and ports to which the web server passes a path on."""
    target, bare = ctx.target, path.partition("?")[0]
    for config in ctx.observed(NginxConfig)[:1]:
        route = find_route(ctx, config, bare, over_http=False)
        for upstream in route.upstream.endpoints[:2] if route else ():
            if not upstream.socket:
                yield upstream.host, upstream.port
    for server in ctx.observed(WebServerConfig):
        for site_route in routes_of_name(server, target.port, target.host, bare)[:2]:
            if not site_route.socket:
                yield site_route.host, site_route.port


def places_behind(
    ctx: ProbeContext, container: NginxContainer, path: str
) -> Iterator[ProgramPlace]:
    """Yield where the programs are to which a web server in a container passes a path on. 127.0.0.1
    is the container's own; the ports of this machine count that it reaches by the machine's
    address."""
    own = {exchange.address for exchange in ctx.observed(Exchange)} | _GATEWAYS
    for host, port in passed_on_to(ctx, path):
        if host in own:
            yield ProgramPlace(str(port), port)
        elif HOST.fullmatch(host) and not is_local_host(host):
            networks = (name for name in container.networks if HOST.fullmatch(name))
            yield ProgramPlace(" ".join((f"={host}", *networks)), port)
