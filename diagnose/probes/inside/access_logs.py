"""Probe for nginx's access log: which other requests of visitors failed in the last minutes, while
the target's own page is answered (`logged_requests`). Where the access log is off, the error log
tells of some of them.
"""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.parsers.access_log import parse
from diagnose.parsers.nginx import access_log, server_blocks
from diagnose.parsers.nginx.access_log import AccessLog
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import start_folder
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    all_locations,
    location_pattern,
    select_location,
)
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.further_requests import NGINX_ACCESS_LOG, NGINX_ERROR_LOG
from diagnose.probes.inside.answering_blocks import answering_blocks, plain_blocks
from diagnose.probes.inside.log_texts import LoggedSite, LogReader
from diagnose.probes.inside.logged_requests import (
    answered_pages,
    fails_again,
    logs_of_other_sites,
    observe_failures,
)
from diagnose.probes.inside.nginx_processes import own_masters
from diagnose.probes.inside.page_websockets import try_logged

#: Maximum number of paths that are named whose requests are not logged.
MAX_SHOWN = 3


@probe(after=Exchange)
async def after_the_page(ctx: ProbeContext, _: Exchange) -> None:
    await _read_once(ctx)


@probe(after=NginxConfig)
async def after_the_configuration(ctx: ProbeContext, _: NginxConfig) -> None:
    await _read_once(ctx)


async def _read_once(ctx: ProbeContext) -> None:
    """Read the logs once, as soon as the configuration is known and the page was answered."""
    config = next((config for config in ctx.observed(NginxConfig) if not config.failure), None)
    is_wanted = ctx.options.wants("nginx") or ctx.options.wants("upstream")
    if config is None or not is_wanted or not (pages := answered_pages(ctx)):
        return
    if ctx.further_requests.begin(NGINX_ACCESS_LOG):
        _report_unlogged(ctx, config)
        failures = await observe_failures(ctx, logged_site(ctx, config), pages)
        for path in failures.upgrades:
            await try_logged(ctx, config, path)


def _report_unlogged(ctx: ProbeContext, config: NginxConfig) -> None:
    """Report the paths of applications whose requests nginx does not log: what visitors met there
    is not known."""
    servers = [server for _, server in answering_blocks(ctx, config)]
    paths = dict.fromkeys(
        pattern.text
        for server in servers
        for match in all_locations(server)
        if any(children(match.block, name) for name in PASS_DIRECTIVES) and access_log.is_off(match)
        if (pattern := location_pattern(match.block)) and not UNSAFE.search(pattern.text)
    )
    if paths:
        shown = ", ".join(list(paths)[:MAX_SHOWN])
        emit_not_observed(ctx, f"the requests for {shown}", "access_log is off there")


@probe(after=Exchange, needs=ErrorLog)
async def after_the_error_log(ctx: ProbeContext, _: Exchange, log: ErrorLog) -> None:
    """Send the requests again that failed by the error log, once, as soon as the page was answered,
    and have diagnosed what fails again."""
    # The clock has whole seconds: the run began in one of two.
    began = int(log.until - log.at)
    lines = [line for line in ctx.observed(LogLine) if _is_visitors(ctx, line, began)]
    if not lines or not ctx.options.wants("nginx") or not (pages := answered_pages(ctx)):
        return
    if not ctx.further_requests.begin(NGINX_ERROR_LOG):
        return
    # Imported late: on most servers nothing failed.
    from diagnose.parsers.nginx.error_requests import failed_paths

    servers = [
        server
        for config in ctx.observed(NginxConfig)[:1]
        for _, server in answering_blocks(ctx, config)
    ]
    names = {name.lower() for server in servers for name in server.names} | {ctx.target.host}
    own_path = ctx.target.path_without_query
    for request in failed_paths(
        lines, names, ctx.target.host, lambda path: _is_named(servers, path)
    ):
        if request.path != own_path and await fails_again(ctx, pages[0], request.path):
            ctx.further_requests.diagnose_later(
                replace(request, vantage=Vantage.SERVER, at=ctx.elapsed())
            )


def _is_visitors(ctx: ProbeContext, line: LogLine, began: float) -> bool:
    """Whether a line is about a request that this run did not send: an earlier one, one of another
    machine, or, in the second in which the run began, one for a path that it has not asked for."""
    if not line.request or not line.client:
        return False
    if line.when < began:
        return True
    if ctx.machine.via == "local":
        return not ctx.net.is_mine(line.client)
    requested = {urlsplit(exchange.url).path for exchange in ctx.observed(Exchange)}
    return line.when < began + 1 and line.path not in requested


def _is_named(servers: Iterable[Server], path: str) -> bool:
    """Return whether a location is for this path alone, with or without the slash at its end."""
    patterns = (location_pattern(select_location(server, path).block) for server in servers)
    return path != "/" and any(
        pattern is not None
        and pattern.modifier in {"", "=", "^~"}
        and pattern.text.rstrip("/") == path.rstrip("/")
        for pattern in patterns
    )


def logged_site(ctx: ProbeContext, config: NginxConfig) -> LoggedSite:
    blocks = list(answering_blocks(ctx, config)) or list(plain_blocks(ctx, config))
    servers = _distinct(server for _, server in blocks)
    names = {name.lower() for server in servers for name in server.names} | {ctx.target.host}
    places = _places(ctx)
    return LoggedSite(
        server="nginx",
        names=names,
        logs=_logs(ctx, places, servers),
        shared=logs_of_other_sites(
            (
                (server.names, places.log_paths(server))
                for server in server_blocks.servers(config.main)
            ),
            names,
        ),
        loaded=max((master.loaded or 0.0 for master in own_masters(ctx)), default=0.0),
        withholds_login=partial(_withholds_login, servers),
    )


def _withholds_login(servers: Iterable[Server], path: str) -> bool:
    # Imported late: few pages are refused their data.
    from diagnose.parsers.nginx.final_requests import final_location
    from diagnose.parsers.nginx.withheld_login import withholding_directive

    return any(withholding_directive(final_location(server, path)) for server in servers)


def _distinct(servers: Iterable[Server]) -> list[Server]:
    return list({id(server.block): server for server in servers}.values())


@frozen
class _Places:
    """Where nginx writes logs: relative paths begin at `prefix`, `default` is the path without any
    `access_log`, `host` the visitor's."""

    prefix: str
    default: str
    host: str

    def logs(self, server: Server, matches: list[LocationMatch]) -> Iterator[tuple[str, AccessLog]]:
        """Yield the logs that these locations of a server block write, by their full path."""
        variables = {"host": self.host, "server_name": next(iter(server.names), "")}
        for log in access_log.access_logs(matches, self.default):
            path = expand_variables(matches[0], log.path, variables)
            if path:
                yield posixpath.normpath(posixpath.join(self.prefix, path)), log

    def log_paths(self, server: Server) -> Iterator[str]:
        """Yield the paths of the logs that a server block writes, without those of locations."""
        for path, _ in self.logs(server, [LocationMatch((server.http, server.block))]):
            yield path


def _places(ctx: ProbeContext) -> _Places:
    build = next(iter(ctx.observed(NginxBuild)), None)
    master = next(iter(own_masters(ctx)), None)
    prefix = start_folder(build, master.arguments if master else ()) or "/"
    built = [argument.partition("=")[2] for argument in (build.arguments if build else ())
             if argument.startswith("--http-log-path=")]  # fmt: skip
    return _Places(prefix, next(iter(built), "logs/access.log"), ctx.target.host)


def _logs(
    ctx: ProbeContext, places: _Places, servers: Sequence[Server]
) -> dict[str, LogReader | None]:
    """Return the readers of the logs of the target's server blocks and their locations, by the full
    path of each log."""
    logs: dict[str, LogReader | None] = {}
    for server in servers:
        page = select_location(server, ctx.target.path)
        block = LocationMatch((server.http, server.block))
        for path, log in places.logs(server, [page, block, *all_locations(server)]):
            if not UNSAFE.search(path):
                reader = partial(parse, line_format=log.line_format) if log.line_format else None
                logs.setdefault(path, reader)
    return logs
