"""Probes for what the programs behind the site wrote themselves, after the site has refused or
failed: the journal of their service, and the files that they write.

The log of a program that listens is read. A file may hold old lines: the request is repeated
once, and what is added counts. Where none listens, the services of systemd that
failed are looked at. Both follow the requests of this run, so that a line is about them.
"""

import asyncio
import re
import shlex
from collections.abc import Iterator

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.server import Listeners
from diagnose.model.web_servers import ServerRequestError, WebServer, WebServerConfig
from diagnose.parsers.caddy.request_log import request_error
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.program_words import TellingLine, telling_line
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.failed_services import look_at_units
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS
from diagnose.probes.inside.unanswered import emit_if_too_slow
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

LOG_SCRIPT = read_script(__file__, "program_log.sh")

#: Seconds that the requests to the application, and then the log, are given.
PAUSE, PATIENCE = 0.6, 6.0

#: The number of pauses until the configuration of the server in front is read.
MAX_PAUSES = 8

#: Seconds by which a line may be older than the run.
_SLACK = 2

#: Programs whose own logs are read elsewhere, by their configuration.
_FRONTS = WEB_SERVERS | {"docker-proxy", "sshd"}


@probe(after=Exchange)
async def program_of_page(ctx: ProbeContext, exchange: Exchange) -> None:
    status = exchange.status or 999
    is_page = exchange.purpose == "target" and exchange.port == ctx.target.port
    if is_page and status >= 400 and status not in {401, 407, 429}:
        again = _repetition(ctx, exchange.url, exchange.address, ())
        await _look(ctx, ctx.target.path, again if exchange.method != "POST" else ())


@probe(after=Upgrade)
async def program_of_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    is_visit = upgrade.through == "front" and upgrade.variant == "normal"
    is_open = upgrade.accepted and upgrade.close_code in {None, 1000, 1001}
    if is_visit and not is_open and upgrade.port == ctx.target.port:
        url = f"{ctx.target.origin}{upgrade.path}"
        again = _repetition(
            ctx, url, upgrade.address, (*UPGRADE_FIELDS, f"Origin: {ctx.target.origin}")
        )
        await _look(ctx, upgrade.path, again)


def _repetition(
    ctx: ProbeContext, url: str, address: str, fields: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the command with which the server repeats a request, so that what it adds to a log
    shows; () if the run may send no more."""
    further = ctx.further_requests
    if not further.begin(f"log {url}") or further.reserve(ctx, url, 4096) is None:
        return ()
    at = f"{ctx.target.host}:{ctx.target.port}:{bracketed(address)}"
    words = ("curl", "-sk", "-m", "3", "--http1.1", "--noproxy", "*", "--resolve", at)
    return (*words, *(word for field in fields for word in ("-H", field)), url)


async def _look(ctx: ProbeContext, path: str, again: tuple[str, ...]) -> None:
    """Look at the programs of one path, once for each. In a container 127.0.0.1 is the container's
    own, whose programs write elsewhere."""
    for _ in range(MAX_PAUSES):
        await asyncio.sleep(PAUSE)
        if _is_route_known(ctx):
            break
    if ctx.observed(NginxContainer):
        return
    for endpoint in dict.fromkeys(_endpoints(ctx, path)):
        if endpoint in _known_endpoints(ctx):
            continue
        listeners = ctx.observed(Listeners)
        if endpoint.isdigit() and listeners and not listeners[0].on(int(endpoint)):
            await look_at_units(ctx, endpoint)
        elif not _is_front(ctx, endpoint):
            await _look_at_log(ctx, endpoint, again)


@probe(after=Exchange)
async def log_of_caddy(ctx: ProbeContext, exchange: Exchange) -> None:
    """Read what Caddy itself wrote about a page that it did not get."""
    is_page = exchange.purpose == "target" and exchange.port == ctx.target.port
    if not is_page or (exchange.status or 0) < 500:
        return
    await asyncio.sleep(PAUSE)
    servers = [each for each in ctx.observed(WebServer) if each.product == "caddy"]
    if not any(ctx.target.port in each.ports and not each.foreign for each in servers):
        return
    at = ctx.elapsed()
    words = ("sh", "-c", LOG_SCRIPT, "sh", str(int(at) + _SLACK), str(ctx.target.port))
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "Caddy's log", result)
    paths = (ctx.target.path.partition("?")[0],)
    for _, source, text in parse_logs(result.out):
        message = request_error(text, ctx.target.host, paths)
        if message and not ctx.observed(ServerRequestError):
            ctx.emit(
                ServerRequestError(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=source,
                    product="caddy",
                    log=source,
                    reason="logged",
                    message=message,
                )
            )


def _is_route_known(ctx: ProbeContext) -> bool:
    """Return whether the configuration of the server in front was read, or a program has the port
    itself."""
    listeners = ctx.observed(Listeners)
    is_program = bool(listeners) and not _is_front(ctx, str(ctx.target.port))
    return bool(ctx.observed(NginxConfig) or ctx.observed(WebServerConfig)) or is_program


def _known_endpoints(ctx: ProbeContext) -> set[str]:
    lines = {line.endpoint for line in ctx.observed(ProgramLine)}
    return lines | {unit.endpoint for unit in ctx.observed(FailedUnit)}


def _is_front(ctx: ProbeContext, endpoint: str) -> bool:
    return any(
        listener.process in _FRONTS
        for listeners in ctx.observed(Listeners)
        for listener in listeners.on(int(endpoint) if endpoint.isdigit() else -1)
    )


def _endpoints(ctx: ProbeContext, path: str) -> Iterator[str]:
    """Yield the ports of this machine and the Unix sockets that a path is passed on to, or the
    target's own port where a program serves the site itself."""
    bare, target = path.partition("?")[0], ctx.target
    for config in ctx.observed(NginxConfig)[:1]:
        route = upstream_routes.find_route(ctx, config, path)
        for endpoint in route.upstream.endpoints[:2] if route else ():
            if endpoint.socket or _is_here(endpoint.host):
                yield endpoint.socket or str(endpoint.port)
    for server in ctx.observed(WebServerConfig):
        for site_route in routes_of_name(server, target.port, target.host, bare)[:2]:
            if site_route.socket or _is_here(site_route.host):
                yield site_route.socket or str(site_route.port)
    yield str(target.port)


def _is_here(host: str) -> bool:
    return host == "localhost" or (is_address(host) and is_loopback(host))


async def _look_at_log(ctx: ProbeContext, endpoint: str, again: tuple[str, ...]) -> None:
    at = ctx.elapsed()
    age = str(int(at) + _SLACK)
    words = ("sh", "-c", LOG_SCRIPT, "sh", age, endpoint, *again)
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the log of the application", result)
    best: tuple[int, str, str, str] | None = None
    for process, source, text in parse_logs(result.out):
        if process in _FRONTS:
            # A front server has connected to the socket, or has inherited it.
            continue
        line = telling_line(text) or TellingLine("", 1)
        if best is None or (bool(line.text), line.weight) > (bool(best[1]), best[0]):
            best = (line.weight, line.text, process, source)
    if best is not None and endpoint not in _known_endpoints(ctx):
        ctx.emit(
            ProgramLine(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=best[3],
                message=best[1],
                weight=1 if best[0] == 1 else 2 if best[0] == 2 else 3,
                endpoint=endpoint,
                process=_name(best[2], best[3]),
            )
        )


def _name(process: str, source: str) -> str:
    """Return the program's name, with that of its service if the log is a journal."""
    unit = re.fullmatch(r"journalctl -u (\S+)\.service", source)
    return f"{unit[1]} ({process})" if unit else process


def parse_logs(text: str) -> Iterator[tuple[str, str, str]]:
    """Parse the output of LOG_SCRIPT: process, command and text of each log."""
    process, source, lines = "", "", list[str]()
    for line in [*text.split("\n"), "end"]:
        if line.startswith(" "):
            lines.append(line[1:])
            continue
        if source:
            yield process, source, "\n".join(lines)
        word, _, rest = line.partition(" ")
        source, lines = "", []
        if word == "process":
            process = clean(rest, 60)
        elif word == "source":
            command, _, last = rest.rpartition(" ")
            source = f"{clean(command, 60)} {shlex.quote(clean(last, 300))}"
