"""Probes for what the programs behind the site wrote themselves, after the site has refused or
failed: the journal of their service, and the files that they write.

The log of a program that listens is read. A file may hold old lines: the request is repeated
once, and what is added counts. Where none listens, the services of systemd that
failed are looked at. Both follow the requests of this run, so that a line is about them.
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Target, Vantage
from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.linux.unit_corrections import fault_of, unit_of_source
from diagnose.parsers.program_words import TellingLine, telling_line
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.web_sites import routes_of_name
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.failed_services import look_at_units
from diagnose.probes.inside.passed_hosts import ProgramPlace, places_behind
from diagnose.probes.inside.pending_connections import emit_pending
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS
from diagnose.probes.inside.unanswered import emit_if_too_slow
from diagnose.probes.inside.unit_rules import forbidding_setting
from diagnose.probes.inside.web_folders import web_folders
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

LOG_SCRIPT = "\n".join(
    read_script(__file__, name) for name in ("named_container.sh", "program_log.sh")
)

#: Seconds that a program has to write its log, and then the script to read it.
PAUSE, PATIENCE = 0.6, 6.0

#: Seconds by which a line may be older than the run.
SLACK = 2

#: The Origin of a handshake that this run sends to the program itself, in a log.
_OWN_ORIGIN = re.compile(r"(?i)\borigin\b.{0,20}https?://(?:localhost|127\.0\.0\.1|\[::1\])")

#: Programs whose own logs are read elsewhere, by their configuration.
_FRONTS = WEB_SERVERS | {"sshd"}
#: Folders of a project that the web server serves.
_PUBLIC = {"public", "pub", "web", "webroot", "htdocs", "public_html"}
#: Most applications of the page that are looked at.
_MAX_ENDPOINTS = 2


@frozen
class FailedRequest:
    """A request that the site refused or failed: its path, and the command with which the server
    repeats it ("" and () if it must not be repeated). `is_opened` is True for a WebSocket that
    opened and ended with an error: its address is no page, and was asked for as one before."""

    path: str
    url: str = ""
    repetition: tuple[str, ...] = ()
    is_opened: bool = False


@frozen
class ProgramLog:
    """A log of a program: the name of the process, the command that shows the log, its text."""

    process: str
    source: str
    text: str


@probe(after=Exchange)
async def after_page(ctx: ProbeContext, exchange: Exchange) -> None:
    if _page_request(ctx, exchange):
        await _read_logs(ctx)


@probe(after=Upgrade)
async def after_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    if _websocket_request(ctx, upgrade):
        await _read_logs(ctx)


@probe(after=NginxConfig)
async def after_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    await _read_logs(ctx)


@probe(after=WebServerConfig)
async def after_web_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _read_logs(ctx)


@probe(after=Listeners)
async def after_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    await _read_logs(ctx)


def _page_request(ctx: ProbeContext, exchange: Exchange) -> FailedRequest | None:
    status = exchange.status or 999
    is_page = exchange.is_page_of(ctx.target)
    if not is_page or status < 400 or status in {401, 407, 429}:
        return None
    if exchange.method == "POST":
        return FailedRequest(ctx.target.path)
    return _repeatable(ctx, ctx.target.path, exchange.url, exchange.address, ())


def _websocket_request(ctx: ProbeContext, upgrade: Upgrade) -> FailedRequest | None:
    is_open = upgrade.accepted and upgrade.close_code in {None, 1000, 1001}
    if not upgrade.is_visit or is_open or upgrade.port != ctx.target.port:
        return None
    url = f"{ctx.target.origin}{upgrade.path}"
    fields = (*UPGRADE_FIELDS, f"Origin: {ctx.target.origin}")
    request = _repeatable(ctx, upgrade.path, url, upgrade.address, fields)
    return replace(request, is_opened=upgrade.accepted)


def _repeatable(
    ctx: ProbeContext, path: str, url: str, address: str, fields: tuple[str, ...]
) -> FailedRequest:
    at = f"{ctx.target.host}:{ctx.target.port}:{bracketed(address)}"
    words = ("curl", "-sk", "-m", "3", "--http1.1", "--noproxy", "*", "--resolve", at)
    headers = (word for field in fields for word in ("-H", field))
    return FailedRequest(path, url, (*words, *headers, url))


def _failed_requests(ctx: ProbeContext) -> Iterator[FailedRequest]:
    requests = [_page_request(ctx, exchange) for exchange in ctx.observed(Exchange)]
    requests += [_websocket_request(ctx, upgrade) for upgrade in ctx.observed(Upgrade)]
    yield from (request for request in requests if request)


async def _read_logs(ctx: ProbeContext) -> None:
    """Look at the programs of each path that failed, once for each, as soon as it is known where
    the path leads."""
    listeners = next(iter(ctx.observed(Listeners)), None)
    if listeners is None:
        return
    for request in _failed_requests(ctx):
        for behind in dict.fromkeys(_places(ctx, request.path)):
            place = behind.place
            if is_front(listeners, place) or _is_known(ctx, place):
                continue
            name = f"the log of {place}"
            if not ctx.further_requests.begin(f"{name} once more" if request.is_opened else name):
                continue
            await asyncio.sleep(PAUSE)
            port = whole_number(place)
            if place.startswith("="):
                await _look_at_log(ctx, behind, request)
            elif port is not None and not listeners.on(port) and not _is_answered(ctx, port):
                await look_at_units(ctx, place)
            else:
                await asyncio.gather(_look_at_log(ctx, behind, request), emit_pending(ctx, place))


def _places(ctx: ProbeContext, path: str) -> Iterator[ProgramPlace]:
    """Yield where the programs behind a path are. In a container 127.0.0.1 is the container's own,
    whose programs write elsewhere."""
    container = next(iter(ctx.observed(NginxContainer)), None)
    if container is not None:
        yield from places_behind(ctx, container, path)
        return
    for endpoint in endpoints_of(ctx, path):
        yield ProgramPlace(endpoint, whole_number(endpoint) or 0)


def _is_answered(ctx: ProbeContext, port: int) -> bool:
    """Return whether a program answered the target's page at its own port with an error: a
    container's port may lead to it by a rule of the firewall, so that nothing listens there."""
    pages = (page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target))
    return port == ctx.target.port and any(page.status == 500 for page in pages)


def _is_known(ctx: ProbeContext, endpoint: str) -> bool:
    """Return whether the services that failed were read for it (`failed_services`)."""
    return any(unit.endpoint == endpoint for unit in ctx.observed(FailedUnit))


def is_front(listeners: Listeners, endpoint: str) -> bool:
    port = whole_number(endpoint)
    sockets = () if port is None else listeners.on(port)
    return any(listener.process in _FRONTS for listener in sockets)


def endpoints_of(ctx: ProbeContext, path: str) -> Iterator[str]:
    """Yield the ports of this machine and the Unix sockets that a path is passed on to, or the
    target's own port where a program serves the site itself."""
    bare, target = path.partition("?")[0], ctx.target
    # The configuration of an nginx that does not run says nothing about this site.
    is_stopped = any(not state.masters for state in ctx.observed(NginxState))
    for config in () if is_stopped else ctx.observed(NginxConfig)[:1]:
        route = upstream_routes.find_route(ctx, config, path, over_http=False)
        for endpoint in route.upstream.endpoints[:2] if route else ():
            if endpoint.socket or is_own_host(ctx, endpoint.host):
                yield endpoint.socket or str(endpoint.port)
    for server in ctx.observed(WebServerConfig):
        yield from own_endpoints(ctx, _routes(server, target, bare)[:2])
    yield str(target.port)


def own_endpoints(ctx: ProbeContext, routes: Iterable[SiteRoute]) -> Iterator[str]:
    """Yield the ports of this machine and the Unix sockets that routes lead to."""
    for route in routes:
        if route.socket or (route.port and is_own_host(ctx, route.host)):
            yield route.socket or str(route.port)


def _routes(server: WebServerConfig, target: Target, path: str) -> tuple[SiteRoute, ...]:
    """Return where a server passes a path on to: pages and WebSockets may go to places of their
    own."""
    host, port = target.host, target.port
    return routes_of_name(server, port, host, path) or (
        *routes_of_name(server, port, host, path, True),
        *routes_of_name(server, port, host, path, False),
    )


def application_endpoints(ctx: ProbeContext) -> tuple[str, ...]:
    """Return the first endpoints to which the target's page is passed on, without those of web
    servers; none before the listeners and a configuration are known, and none of a container."""
    listeners = next(iter(ctx.observed(Listeners)), None)
    is_known = bool(ctx.observed(NginxConfig)) or bool(ctx.observed(WebServerConfig))
    if listeners is None or not is_known or ctx.observed(NginxContainer):
        return ()
    first = list(dict.fromkeys(endpoints_of(ctx, ctx.target.path)))[:_MAX_ENDPOINTS]
    return tuple(endpoint for endpoint in first if not is_front(listeners, endpoint))


def is_own_host(ctx: ProbeContext, host: str) -> bool:
    """Return whether a server that passes requests on to this host passes them to its own machine:
    by a loopback address, or by the address at which the site answers."""
    if host == "localhost" or (is_address(host) and is_loopback(host)):
        return True
    answers = ctx.observed(Exchange)
    return any(answer.purpose == "target" and answer.address == host for answer in answers)


async def _look_at_log(ctx: ProbeContext, place: ProgramPlace, request: FailedRequest) -> None:
    at, endpoint = ctx.elapsed(), place.place
    words = _log_words(ctx, int(at) + SLACK, endpoint)
    result = await ctx.machine.run(*words, *_repetition(ctx, request), timeout=PATIENCE)
    emit_if_too_slow(ctx, "the log of the application", result)
    # A front server has connected to the socket, or has inherited it. The log of an engine's own
    # process is about all of its containers.
    logs = [
        log for log in parse_logs(result.out) if log.process not in _FRONTS | CONTAINER_PROCESSES
    ]
    if not logs:
        if endpoint.startswith("/") and not result.out.strip():
            await look_at_units(ctx, endpoint)
        return
    log, line = max(((log, _line_of(log, ctx.target.host)) for log in logs), key=_telling)
    unit, setting = "", ""
    if not endpoint.startswith("="):
        unit, setting = await forbidding_setting(ctx.machine, endpoint, line.text)
    program_line = ProgramLine(
        vantage=Vantage.SERVER,
        at=at,
        took=result.took,
        equivalent=log.source,
        message=line.text,
        weight=line.weight,
        endpoint=str(place.port) if endpoint.startswith("=") else endpoint,
        process=_name(log),
        setting=setting,
        unit=unit if setting else "",
    )
    ctx.emit(program_line)
    service = unit_of_source(log.source)
    fault = fault_of(line.text) if service else None
    if fault in {"trust", "readonly"}:
        # Imported late: few programs lack an authority, or may not write.
        from diagnose.probes.inside.unit_corrections import emit_correction

        await emit_correction(ctx, service, fault, line.text)


def _log_words(ctx: ProbeContext, age: int, endpoint: str) -> tuple[str, ...]:
    """Return the command that prints the logs of a program; of PHP, whose files the web server
    serves, also those in the folder of its project."""
    root = next(web_folders(ctx), "") if endpoint.startswith("/") else ""
    folder = posixpath.dirname(root) if posixpath.basename(root) in _PUBLIC else root
    is_own = folder.startswith("/") and folder.count("/") > 1 and not UNSAFE.search(folder)
    head = f"folder={shlex.quote(folder)}\n" if is_own else ""
    return ("sh", "-c", head + LOG_SCRIPT, "sh", str(age), endpoint)


def _repetition(ctx: ProbeContext, request: FailedRequest) -> tuple[str, ...]:
    """Return the command that repeats the request; () if the run may send no more."""
    is_allowed = request.url and ctx.further_requests.reserve(ctx, request.url, 4096)
    return request.repetition if is_allowed else ()


def _line_of(log: ProgramLog, host: str) -> TellingLine:
    """Return the line that tells most, but for those about an own Origin: this run asks directly,
    too."""
    lines = (line for line in log.text.split("\n") if not _is_own(line, host))
    return telling_line("\n".join(lines)) or TellingLine("", 1)


def _is_own(line: str, host: str) -> bool:
    return bool(_OWN_ORIGIN.search(line)) and host not in line.lower()


def _telling(log_and_line: tuple[ProgramLog, TellingLine]) -> tuple[bool, int]:
    line = log_and_line[1]
    return bool(line.text), line.weight


def _name(log: ProgramLog) -> str:
    """Return the program's name, with that of its service if the log is a journal."""
    unit = unit_of_source(log.source)
    return f"{unit} ({log.process})" if unit else log.process


def parse_logs(text: str) -> Iterator[ProgramLog]:
    """Parse the output of LOG_SCRIPT."""
    process, source, lines = "", "", list[str]()
    for line in [*text.split("\n"), "end"]:
        if line.startswith(" "):
            lines.append(line[1:])
            continue
        if source:
            yield ProgramLog(process, source, "\n".join(lines))
        word, _, message = line.partition(" ")
        source, lines = "", []
        if word == "process":
            process = clean(message, 60)
        elif word == "source":
            command, _, last = message.rpartition(" ")
            source = f"{clean(command, 60)} {shlex.quote(clean(last, 300))}"
