"""Probe for a site that passes its requests on to the target's port: the port of an application is
asked for itself, and its visitors come by the site. It looks only where the port is not one of the
usual two of web sites."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface, Listeners, PassedPort
from diagnose.model.web_servers import TITLES
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.web_servers import MAX_READ, list_servers
from diagnose.probes.inside.web_servers.processes import Candidate
from diagnose.probes.inside.web_servers.readers import PRODUCTS, reader_of

if TYPE_CHECKING:
    from diagnose.parsers.passed_ports import PassingSite

#: The ports of web sites (RFC 9110 section 4.2).
_SITE_PORTS = frozenset({80, 443})
#: Layers whose checks judge a closed port.
_LAYERS = ("listener", "firewall")


def _is_asked(ctx: ProbeContext) -> bool:
    target = ctx.target
    is_wanted = any(map(ctx.options.wants, _LAYERS))
    return is_wanted and target.port not in _SITE_PORTS and not is_local_host(target.host)


@probe(after=NginxConfig)
async def behind_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    """Look for the port in nginx's configuration. What a container of its own network calls
    127.0.0.1 is none of this machine's."""
    if not _is_asked(ctx):
        return
    # Imported late: few ask for such a port.
    from diagnose.model.containers import NginxContainer
    from diagnose.parsers.passed_ports import nginx_sites, stream_sites

    if any("host" not in container.networks for container in ctx.observed(NginxContainer)):
        return
    where = (config.main, ctx.target.port, ctx.target.host, _own_addresses(ctx))
    _emit(ctx, "nginx", (*nginx_sites(*where), *stream_sites(*where)))


@probe(after=Listeners)
async def behind_other_servers(ctx: ProbeContext, listeners: Listeners) -> None:
    """Look for the port in the configurations of the other web servers that run and do not hold
    it."""
    if not _is_asked(ctx) or listeners.failure is not None:
        return
    servers = await list_servers(ctx, listeners)
    if servers is None:
        return
    running = [
        Candidate(process.name, process.program or servers.program(process.name), process)
        for process in servers.processes
        if process.name in PRODUCTS and {80, 443}.intersection(process.ports)
    ]
    await asyncio.gather(*(_look_in(ctx, candidate) for candidate in running[:MAX_READ]))


async def _look_in(ctx: ProbeContext, candidate: Candidate) -> None:
    # Imported late: few ask for such a port.
    from diagnose.parsers.passed_ports import server_sites

    reader = reader_of(PRODUCTS[candidate.name])
    server = await reader.describe(ctx, candidate)
    config = await reader.read_config(ctx, server) if server and not server.foreign else None
    if config is not None:
        sites = server_sites(config, ctx.target.port, ctx.target.host, _own_addresses(ctx))
        _emit(ctx, TITLES[config.product], sites)


def _own_addresses(ctx: ProbeContext) -> tuple[str, ...]:
    interfaces = ctx.observed(Interface)
    return tuple(
        address
        for interface in interfaces
        if interface.vantage is Vantage.SERVER
        for address in interface.addresses
    )


def _emit(ctx: ProbeContext, server: str, sites: "Iterable[PassingSite]") -> None:
    """Emit the site that is the likeliest of those that a web server has for the port."""
    best = min(sites, key=lambda site: site.rank(ctx.target.host), default=None)
    if best is not None:
        ctx.emit(
            PassedPort(
                vantage=Vantage.SERVER, at=ctx.elapsed(), port=ctx.target.port, server=server,
                url=best.url, file=best.file, line=best.line,
            )
        )  # fmt: skip
