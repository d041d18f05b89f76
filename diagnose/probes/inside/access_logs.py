"""Probe for nginx's access log: which other requests of visitors failed in the last minutes, while
the target's own page is answered.

A GET among them is sent again, so that what is over is not reported.
"""

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from diagnose.machine.container import ContainerMachine
from diagnose.machine.script_files import read_script
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.net.deadline import deadline
from diagnose.parsers.nginx import access_log, server_blocks
from diagnose.parsers.nginx.access_log import AccessLog
from diagnose.parsers.nginx.failed_requests import failed_requests
from diagnose.parsers.nginx.file_paths import start_folder
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.nginx_processes import own_masters
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: Seconds. Older requests belong to earlier problems.
RECENT_SECONDS = 600

#: Maximum number of logs that are read, and of requests that are sent again.
MAX_LOGS, MAX_REPEATED = 3, 2

#: Statuses after which a request is sent again. After a 504 it would only wait.
REPEATED = {403, 404, 500, 502, 503}

READ_SCRIPT = read_script(__file__, "access_logs.sh")


@probe(after=Exchange)
async def after_the_page(ctx: ProbeContext, _: Exchange) -> None:
    await _read_once(ctx)


@probe(after=NginxConfig)
async def after_the_configuration(ctx: ProbeContext, _: NginxConfig) -> None:
    await _read_once(ctx)


async def _read_once(ctx: ProbeContext) -> None:
    """Read the logs once, as soon as the configuration is known and the page was answered. After a
    page that fails there is a fault to name already."""
    config = next((config for config in ctx.observed(NginxConfig) if not config.failure), None)
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    is_served = any(page.status is not None and page.status < 500 for page in pages)
    is_wanted = ctx.options.wants("nginx") or ctx.options.wants("upstream")
    if config is None or not is_served or not is_wanted:
        return
    if not ctx.further_requests.begin("nginx's access log"):
        return
    for failure in await _read(ctx, config):
        ctx.emit(failure)
    await _repeat(ctx, pages)


async def _read(ctx: ProbeContext, config: NginxConfig) -> list[FailedRequests]:
    """Return the requests that failed before this run began, since nginx loaded its configuration.
    The target's own page was answered meanwhile."""
    servers = _distinct(server for _, server in answering_blocks(ctx, config))
    names = {name.lower() for server in servers for name in server.names} | {ctx.target.host}
    places = _places(ctx)
    logs = _logs(ctx, places, servers)
    if not logs:
        return []
    shared = _paths_of_other_sites(places, server_blocks.servers(config.main), names)
    at = ctx.elapsed()
    inside = ctx.machine if isinstance(ctx.machine, ContainerMachine) else None
    if inside:
        result = await inside.read_logs(*logs)
    else:
        result = await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", *logs)
    head, _, rest = result.out.partition("\n")
    now = whole_number(" ".join(head.split(" ")[1:2]))
    if now is None:
        return []
    began = int(now - ctx.elapsed())
    loaded = max((master.loaded or 0.0 for master in own_masters(ctx)), default=0.0)
    since = max(now - RECENT_SECONDS, int(loaded))
    failures: list[FailedRequests] = []
    for (path, log), text in zip(logs.items(), _sections(rest), strict=False):
        lines = access_log.parse(text, log.line_format) if log.line_format else ()
        # The log has whole seconds. Requests of this run are known by their User-Agent.
        earlier = (line for line in lines if line.when <= began - (not line.agent))
        failures += failed_requests(earlier, path, names, path in shared, since)
    own_path = ctx.target.path.partition("?")[0]
    return [
        replace(
            failure, at=at, took=result.took,
            equivalent=_command(inside, failure.file),
        )
        for failure in failures
        if (failure.method, failure.path) != ("GET", own_path)
    ]  # fmt: skip


def _command(inside: ContainerMachine | None, path: str) -> str:
    """Return the command that shows the log. Images of nginx write it to the container's output."""
    if inside and inside.engine:
        return shlex.join((inside.engine, "logs", "--tail", "1000", inside.name))
    return f"tail -n 1000 {shlex.quote(path)}"


def _distinct(servers: Iterable[Server]) -> list[Server]:
    return list({id(server.block): server for server in servers}.values())


def _sections(text: str) -> Iterator[str]:
    """Yield the lines of each log in the output of READ_SCRIPT or of `ContainerMachine.read_logs`,
    "" for one that cannot be read."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" "):
            lines.append(line[1:])
        elif line.startswith("log"):
            lines = []
        else:
            yield "\n".join(lines)
            lines = []


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


def _places(ctx: ProbeContext) -> _Places:
    build = next(iter(ctx.observed(NginxBuild)), None)
    master = next(iter(own_masters(ctx)), None)
    prefix = start_folder(build, master.arguments if master else ()) or "/"
    built = [argument.partition("=")[2] for argument in (build.arguments if build else ())
             if argument.startswith("--http-log-path=")]  # fmt: skip
    return _Places(prefix, next(iter(built), "logs/access.log"), ctx.target.host)


def _logs(ctx: ProbeContext, places: _Places, servers: Sequence[Server]) -> dict[str, AccessLog]:
    """Return the logs of the target's server blocks and their locations by their full path."""
    logs: dict[str, AccessLog] = {}
    for server in servers:
        page = select_location(server, ctx.target.path)
        block = LocationMatch((server.http, server.block))
        for path, log in places.logs(server, [page, block, *all_locations(server)]):
            if not UNSAFE.search(path):
                logs.setdefault(path, log)
    return dict(list(logs.items())[:MAX_LOGS])


def _paths_of_other_sites(places: _Places, servers: Iterable[Server], names: set[str]) -> set[str]:
    """Return the logs that a server block with another name writes too."""
    paths: set[str] = set()
    for server in servers:
        if set(server.names) - names - {"", "_"}:
            block = LocationMatch((server.http, server.block))
            paths.update(path for path, _ in places.logs(server, [block]))
    return paths


async def _repeat(ctx: ProbeContext, pages: Sequence[Exchange]) -> None:
    """Send those again that ask without changing anything (RFC 9110 section 9.2.1), and whose whole
    address is known."""
    page = pages[0]
    failures = [
        failure
        for failure in ctx.observed(FailedRequests)
        if failure.method == "GET"
        and failure.status in REPEATED
        and not failure.has_query
        and not is_usual_websocket(failure.path)
    ]
    for failure in failures[:MAX_REPEATED]:
        url = ctx.target.origin + failure.path
        allowance = ctx.further_requests.reserve(ctx, url, 0)
        if allowance is None:
            return
        try:
            async with deadline(allowance.seconds):
                await request_anew(ctx, PageRequest(url, page.address, "logged", page.verified))
        except TimeoutError:
            continue
