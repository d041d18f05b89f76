"""Probe for the access logs of Apache and the log of Caddy: which other requests of visitors failed
in the last minutes, while the target's own page is answered (`logged_requests`)."""

from collections.abc import Iterable
from functools import partial

from diagnose.model.http import Exchange
from diagnose.model.web_servers import Product, SiteAccessLog, WebServer, WebServerConfig, WebSite
from diagnose.parsers import access_log
from diagnose.parsers.apache.access_log import parse_format
from diagnose.parsers.caddy import access_log as caddy_log
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.logged_requests import (
    LoggedSite,
    LogReader,
    answered_pages,
    observe_failures,
)

_READABLE: frozenset[Product] = frozenset({"apache", "caddy"})


@probe(after=Exchange)
async def after_the_page(ctx: ProbeContext, _: Exchange) -> None:
    await _read_once(ctx)


@probe(after=WebServerConfig)
async def after_the_configuration(ctx: ProbeContext, _: WebServerConfig) -> None:
    await _read_once(ctx)


async def _read_once(ctx: ProbeContext) -> None:
    """Read the logs of the server that has the target's port once, as soon as its configuration is
    known and the page was answered. Containers write theirs elsewhere."""
    port = ctx.target.port
    server = next(
        (server for server in ctx.observed(WebServer) if port in server.ports and server.pid), None
    )
    if server is None or server.container or server.product not in _READABLE:
        return
    configs = [
        config for config in ctx.observed(WebServerConfig) if config.product == server.product
    ]
    is_wanted = ctx.options.wants("server")
    if not configs or not is_wanted or not (pages := answered_pages(ctx)):
        return
    if ctx.further_requests.begin("the server's access log"):
        site = _logged_site(server, configs[0], port, ctx.target.host)
        await observe_failures(ctx, site, pages)


def _logged_site(server: WebServer, config: WebServerConfig, port: int, host: str) -> LoggedSite:
    sites = answering_sites(config, port, host)
    names = {name.lower() for site in sites for name in site.names} | {host}
    logs = {log.path: _reader(log, server.product) for site in sites for log in site.access_logs}
    logs = {path: reader for path, reader in logs.items() if not UNSAFE.search(path)}
    has_journal = server.product == "caddy" and not logs and bool(server.unit)
    return LoggedSite(
        server=server.product,
        names=names,
        logs={server.unit: caddy_log.parse} if has_journal else logs,
        shared=_paths_of_other_sites(config.sites, sites, names),
        loaded=server.loaded or 0.0,
        unit=server.unit if has_journal else "",
    )


def _reader(log: SiteAccessLog, product: Product) -> LogReader | None:
    if product == "caddy":
        return caddy_log.parse
    log_format = parse_format(log.line_format)
    return partial(access_log.parse, line_format=log_format) if log_format else None


def _paths_of_other_sites(
    all_sites: Iterable[WebSite], sites: Iterable[WebSite], names: set[str]
) -> set[str]:
    """Return the logs that a site with another name writes too."""
    own = set(map(id, sites))
    return {
        log.path
        for site in all_sites
        if id(site) not in own and set(site.names) - names
        for log in site.access_logs
    }
