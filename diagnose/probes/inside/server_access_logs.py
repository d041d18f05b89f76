"""Probe for the access logs of Apache and the logs of Caddy and HAProxy: which other requests of
visitors failed in the last minutes, while the target's own page is answered (`logged_requests`)."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from diagnose.machine.container import ContainerMachine
from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.web_servers import (
    TITLES,
    Product,
    SiteAccessLog,
    WebServer,
    WebServerConfig,
    WebSite,
)
from diagnose.parsers import access_log
from diagnose.parsers.apache.access_log import parse_format
from diagnose.parsers.caddy import access_log as caddy_log
from diagnose.parsers.haproxy import request_log as haproxy_log
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.further_requests import SERVER_ACCESS_LOG
from diagnose.probes.inside.backend_logins import try_logged_login
from diagnose.probes.inside.backend_visits import try_websocket
from diagnose.probes.inside.haproxy_other_backends import try_logged_at_others
from diagnose.probes.inside.log_texts import OUTPUT, LoggedSite, LogReader
from diagnose.probes.inside.logged_requests import (
    answered_pages,
    logs_of_other_sites,
    observe_failures,
    observe_own_failures,
    silent_pages,
)

_READABLE: frozenset[Product] = frozenset({"apache", "caddy", "haproxy"})

#: Where the packages of Debian and Red Hat let syslog write what HAProxy sends to it.
HAPROXY_LOG = "/var/log/haproxy.log"


@probe(after=Exchange)
async def after_the_page(ctx: ProbeContext, _: Exchange) -> None:
    await _read_once(ctx)


@probe(after=WebServerConfig)
async def after_the_configuration(ctx: ProbeContext, _: WebServerConfig) -> None:
    await _read_once(ctx)


async def _read_once(ctx: ProbeContext) -> None:
    """Read the logs of the server that has the target's port once, as soon as its configuration is
    known and the page was answered."""
    port = ctx.target.port
    server = next(
        (server for server in ctx.observed(WebServer) if port in server.ports and server.pid), None
    )
    is_elsewhere = server and server.container and not isinstance(ctx.machine, ContainerMachine)
    if server is None or is_elsewhere or server.product not in _READABLE:
        return
    configs = [
        config for config in ctx.observed(WebServerConfig) if config.product == server.product
    ]
    is_wanted = ctx.options.wants("server")
    if not configs or not is_wanted:
        return
    if not (pages := answered_pages(ctx)):
        if server.product == "haproxy":
            await _read_own_failures(ctx, server, configs[0])
        return
    if ctx.further_requests.begin(SERVER_ACCESS_LOG):
        _report_unlogged(ctx, configs[0])
        await _read_refused_clients(ctx, server, configs[0])
        for site in logged_sites(server, configs[0], ctx.target):
            failures = await observe_failures(ctx, site, pages)
            for path in failures.upgrades:
                await try_websocket(ctx, configs[0], path, "logged")
                await try_logged_at_others(ctx, configs[0], path)
            for login in failures.logins:
                await try_logged_login(ctx, configs[0], login, pages[0])
            if failures.requests:
                # Imported late: on most servers nothing failed.
                from diagnose.probes.inside.logged_errors import observe_reasons

                await observe_reasons(ctx, configs[0], failures.requests)
                return


async def _read_refused_clients(
    ctx: ProbeContext, server: WebServer, config: WebServerConfig
) -> None:
    """Read whom the page is refused, where a rule asks for the visitor's address."""
    is_by_address = any(rule.refuses for rule in config.rules) or (
        server.product == "haproxy" and any(" src " in file.text for file in config.files)
    )
    if is_by_address:
        # Imported late: few sites have such a rule.
        from diagnose.probes.inside.refused_clients import observe_refused_clients

        for site in logged_sites(server, config, ctx.target):
            if await observe_refused_clients(ctx, site):
                return


async def _read_own_failures(ctx: ProbeContext, server: WebServer, config: WebServerConfig) -> None:
    """Read why HAProxy ended earlier requests for a page of which this run saw nothing."""
    if silent_pages(ctx) and ctx.further_requests.begin(SERVER_ACCESS_LOG):
        for site in logged_sites(server, config, ctx.target):
            if await observe_own_failures(ctx, site):
                return


def _report_unlogged(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Report that no request of visitors was read, where the server writes none, and how it would
    write them."""
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    if any(site.access_logs for site in sites):
        return
    # Imported late: most sites have a log.
    from diagnose.parsers.unlogged_requests import missing_log_line

    if line := missing_log_line(config):
        name = TITLES[config.product]
        what = f"the requests for {ctx.target.host}"
        emit_not_observed(ctx, what, f"{name} writes no log of requests: {line} switches it on")


def logged_sites(
    server: WebServer, config: WebServerConfig, target: Target
) -> Iterator[LoggedSite]:
    """Yield where the site's requests are logged, the usual place first."""
    sites = answering_sites(config, target.port, target.host)
    if server.product == "haproxy":
        yield from _haproxy_logs(server, config, sites, target)
        return
    names = {name.lower() for site in sites for name in site.names} | {target.host}
    logs = {log.path: _reader(log, server.product) for site in sites for log in site.access_logs}
    logs = {path: reader for path, reader in logs.items() if not UNSAFE.search(path)}
    is_caddy = server.product == "caddy"
    if is_caddy and not logs and (output := OUTPUT if server.container else server.unit):
        logs = {output: caddy_log.parse}
    has_journal = is_caddy and not server.container and server.unit in logs
    yield LoggedSite(
        server=server.product,
        names=names,
        logs=logs,
        shared=logs_of_other_sites(
            ((site.names, (log.path for log in site.access_logs)) for site in config.sites), names
        ),
        loaded=_loaded(server, config),
        journal=("-u", server.unit) if has_journal else (),
        withholds_login=partial(_withholds_login, config, target),
    )


def _loaded(server: WebServer, config: WebServerConfig) -> float:
    """Return the earliest time at which the server loaded its configuration (seconds since the
    epoch, 0 if that is unknown). Caddy loads one without a start: if it runs with its files as they
    are now, it did so after their last change."""
    changes = [file.changed for file in config.files if file.changed] if config.loaded else []
    return max(server.loaded or 0.0, *changes, 0.0)


def _withholds_login(config: WebServerConfig, target: Target, path: str) -> bool:
    # Imported late: few pages are refused their data.
    from diagnose.parsers.withheld_logins import withholding_line

    return withholding_line(config, target, path) is not None


def _haproxy_logs(
    server: WebServer, config: WebServerConfig, sites: Iterable[WebSite], target: Target
) -> Iterator[LoggedSite]:
    """Yield the file, and the journal for a server without syslog; for a container what its engine
    keeps of its output. HAProxy writes one log, and the name of the frontend into each line, but no
    name of a site."""
    names = {name.lower() for site in sites for name in site.names} | {target.host}
    sections = {(site.file, site.line) for site in sites}
    in_frontends = [site for site in config.sites if (site.file, site.line) in sections]
    frontends = {_section_name(config, *place) for place in sections}
    is_shared = bool(logs_of_other_sites(((site.names, ("",)) for site in in_frontends), names))
    hosts = _own_backends(config, target, names) if is_shared else {}
    reader = partial(haproxy_log.parse, frontends=frontends, hosts=hosts)
    places: tuple[tuple[str, tuple[str, ...]], ...] = (
        (HAPROXY_LOG, ()),
        ("haproxy", ("-t", "haproxy")),
    )
    for path, journal in ((OUTPUT, ()),) if server.container else places:
        yield LoggedSite(
            server="haproxy",
            names=names,
            logs={path: reader},
            shared={path} if is_shared else (),
            loaded=server.loaded or 0.0,
            journal=journal,
            is_local_time=True,
            withholds_login=partial(_withholds_login, config, target),
        )


def _own_backends(
    config: WebServerConfig, target: Target, names: Collection[str]
) -> dict[str, str]:
    # Imported late: few frontends are for several sites.
    from diagnose.parsers.haproxy.site_backends import own_backends
    from diagnose.parsers.haproxy.view import parsed

    return dict.fromkeys(own_backends(parsed(config), target, names), target.host)


def _section_name(config: WebServerConfig, path: str, line: int) -> str:
    """Return the name of the frontend that begins at this line; "" if it is not known."""
    file = config.file(path)
    lines = file.text.split("\n")[line - 1 : line] if file and line else []
    return next((words[1] for each in lines if len(words := each.split()) > 1), "")


def _reader(log: SiteAccessLog, product: Product) -> LogReader | None:
    if product == "caddy":
        return caddy_log.parse
    log_format = parse_format(log.line_format)
    return partial(access_log.parse, line_format=log_format) if log_format else None
