"""Probes for the error log of Apache and for Caddy's journal, read only after they did not answer
the target's page.

They write there why they failed or refused, which no visitor sees.
"""

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ServerRequestError, ServerStartError
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.error_log import (
    BLANK_IN_QUERY,
    RequestError,
    last_request_error,
    other_request_error,
    password_file_error,
    start_error,
    workers_error,
)
from diagnose.parsers.caddy.request_log import request_error
from diagnose.parsers.web_sites import answering_sites
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.in_container import InContainer
from diagnose.probes.inside.program_logs import LOG_SCRIPT, PATIENCE, PAUSE, SLACK, parse_logs
from diagnose.probes.inside.requested_sites import is_refused, requested_site
from diagnose.probes.inside.start_times import age_of_start
from diagnose.probes.inside.unanswered import emit_if_too_slow, emit_unanswered

READ_SCRIPT = read_script(__file__, "server_log.sh")

#: Exit status of READ_SCRIPT if this user may not read the log.
_FORBIDDEN = 77

#: Maximum number of bytes of an .htaccess.
MAX_RULES = 1 << 16

#: The names of Apache's processes.
_APACHE = {"apache2", "httpd"}

#: Seconds by which the times of the log, of the run and of the process may differ.
_SLACK = 1.0


@probe(after=WebServerConfig)
async def of_a_stopped_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Read why Apache does not run. What fails after its configuration is read, such as a
    certificate, stands in its own log and not in systemd's journal."""
    stopped = [server for server in ctx.observed(WebServer) if server.product == config.product]
    is_stopped = any(server.pid is None and not server.foreign for server in stopped)
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    if config.product != "apache" or not is_stopped:
        return
    age = await age_of_start(ctx.machine, stopped[0].unit)
    # The log of a site tells of its own certificate (mod_ssl).
    for log in dict.fromkeys((*(site.error_log for site in sites), config.error_log)):
        if not log.startswith("/"):
            continue
        at = ctx.elapsed()
        result = await _read(ctx, log)
        clock, _, text = result.out.partition("\n")
        message = start_error(text, clock.partition(" ")[2], age)
        if message:
            ctx.emit(
                ServerStartError(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=f"tail -n 50 {shlex.quote(log)}",
                    product=config.product,
                    log=log,
                    message=message,
                )
            )
            return


@probe(after=WebServerConfig)
async def after_the_configuration(ctx: ProbeContext, config: WebServerConfig) -> None:
    refused = map(is_refused, ctx.observed(Upgrade))
    if any(map(_has_failed, ctx.observed(Exchange))) or any(refused):
        await _read_log(ctx, config)


@probe(after=Exchange)
async def after_an_answer(ctx: ProbeContext, exchange: Exchange) -> None:
    config = next(iter(ctx.observed(WebServerConfig)), None)
    if config is not None and _has_failed(exchange):
        await _read_log(ctx, config)


@probe(after=Upgrade)
async def after_a_refused_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    config = next(iter(ctx.observed(WebServerConfig)), None)
    if config is not None and is_refused(upgrade):
        await _read_log(ctx, config)


@probe(after=Handshake)
async def after_a_stalled_handshake(ctx: ProbeContext, handshake: Handshake) -> None:
    """Look whether every worker is busy: then a connection opens and gets no answer."""
    config = next(iter(ctx.observed(WebServerConfig)), None)
    if config is not None and _has_stalled(ctx, handshake):
        await _read_since_the_load(ctx, config, _busy_workers)


@probe(after=WebServerConfig)
async def after_words_about_workers(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Look whether every worker was busy, which somebody has read: it comes and goes."""
    symptom = ctx.target.symptom
    if symptom is not None and symptom.kind == "server-workers":
        await _read_since_the_load(ctx, config, _busy_workers)


@probe(after=Exchange)
async def after_a_login(ctx: ProbeContext, exchange: Exchange) -> None:
    config = next(iter(ctx.observed(WebServerConfig)), None)
    if config is not None and _asks_for_password(exchange):
        await _read_since_the_load(ctx, config, password_file_error)


@probe(after=WebServerConfig)
async def login_after_the_configuration(ctx: ProbeContext, config: WebServerConfig) -> None:
    if any(map(_asks_for_password, ctx.observed(Exchange))):
        await _read_since_the_load(ctx, config, password_file_error)


def _asks_for_password(exchange: Exchange) -> bool:
    return exchange.purpose == "target" and exchange.status == 401


async def _read(ctx: ProbeContext, log: str) -> CommandResult:
    """Return the server's time and the end of a log, in the form of READ_SCRIPT."""
    if not isinstance(ctx, InContainer):
        return await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", log)
    # The path is one of the container, whose log may be its output.
    result = await ctx.machine.read_logs(log)
    head, *lines = result.out.split("\n")
    _, epoch, day, time, *_ = (*head.split(" "), "", "", "", "")
    text = "\n".join(line[1:] for line in lines if line.startswith(" "))
    return replace(result, out=f"{epoch} {day.replace('/', '-')} {time}\n{text}")


def _busy_workers(text: str, now: str, seconds: float) -> RequestError | None:
    message = workers_error(text, now, seconds)
    return RequestError("workers", message) if message else None


async def _read_since_the_load(
    ctx: ProbeContext,
    config: WebServerConfig,
    parse: Callable[[str, str, float], RequestError | None],
) -> None:
    """Read what the log has since the configuration was loaded: such a line is not written for each
    request."""
    server = _server(ctx, ctx.target.port)
    if server is None or config.product != "apache" or ctx.observed(ServerRequestError):
        return
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    logs = (config.error_log, *(site.error_log for site in sites))
    for log in dict.fromkeys(log for log in logs if log.startswith("/")):
        at = ctx.elapsed()
        result = await _read(ctx, log)
        clock, _, text = result.out.partition("\n")
        epoch, _, now = clock.partition(" ")
        error = parse(text, now, _since_load(server, epoch, ctx.elapsed()) + _SLACK)
        if error and not ctx.observed(ServerRequestError):
            _emit(ctx, at, config, log, error)


@probe(after=UpstreamTry)
async def behind_nginx(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    if any(map(_has_failed, ctx.observed(Exchange))):
        await _look_behind(ctx, attempt)


@probe(after=Exchange)
async def behind_nginx_after_an_answer(ctx: ProbeContext, exchange: Exchange) -> None:
    for attempt in ctx.observed(UpstreamTry) if _has_failed(exchange) else ():
        await _look_behind(ctx, attempt)


@probe(after=Listeners)
async def behind_nginx_after_the_sockets(ctx: ProbeContext, _: Listeners) -> None:
    for attempt in ctx.observed(UpstreamTry):
        await behind_nginx.work(ctx, attempt)


async def _look_behind(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    """Read why an Apache on this server failed to which nginx passed the page on: nginx itself has
    no error to log."""
    listeners = ctx.observed(Listeners)
    holders = {socket.process for listener in listeners for socket in listener.on(attempt.port)}
    is_here = attempt.host == "localhost" or is_loopback(attempt.address or attempt.host)
    if attempt.failure or not is_here or holders.isdisjoint(_APACHE):
        return
    if not ctx.further_requests.begin(f"the log of Apache on {attempt.port} for {attempt.path}"):
        return
    # Imported late: few servers have one behind nginx.
    from diagnose.probes.inside.web_servers import list_servers, observe_behind
    from diagnose.probes.inside.web_servers.processes import Candidate

    servers = await list_servers(ctx, listeners[0])
    for process in servers.processes if servers else ():
        if process.name in _APACHE and attempt.port in process.ports:
            await observe_behind(ctx, Candidate(process.name, process.program, process))
    for config in ctx.observed(WebServerConfig):
        await _read_log(ctx, config, attempt.port, attempt.path)


@probe(after=Exchange)
async def log_of_caddy(ctx: ProbeContext, exchange: Exchange) -> None:
    """Read once what Caddy wrote about a page that it did not get."""
    if not _has_failed(exchange) or (exchange.status or 0) < 500:
        return
    await asyncio.sleep(PAUSE)
    servers = [server for server in ctx.observed(WebServer) if server.product == "caddy"]
    if not any(ctx.target.port in server.ports and not server.foreign for server in servers):
        return
    if not ctx.further_requests.begin("Caddy's log"):
        return
    at, port = ctx.elapsed(), str(ctx.target.port)
    words = ("sh", "-c", LOG_SCRIPT, "sh", str(int(at) + SLACK), port)
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "Caddy's log", result)
    paths = (ctx.target.path_without_query,)
    for log in parse_logs(result.out):
        message = request_error(log.text, ctx.target.host, paths)
        if message and not ctx.observed(ServerRequestError):
            ctx.emit(
                ServerRequestError(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=log.source,
                    product="caddy",
                    log=log.source,
                    reason="logged",
                    message=message,
                )
            )


def _has_stalled(ctx: ProbeContext, handshake: Handshake) -> bool:
    failure = handshake.failure
    is_visit = handshake.port == ctx.target.port and handshake.is_browser_like
    return is_visit and failure is not None and failure.kind == "timeout"


def _has_failed(exchange: Exchange) -> bool:
    """Whether a page was not served for a reason that Apache logs."""
    status = exchange.status or 0
    return exchange.purpose == "target" and status >= 400 and status != 401


async def _read_log(
    ctx: ProbeContext, config: WebServerConfig, behind: int = 0, path: str = ""
) -> None:
    """Read the log of the sites that answer on the target's port, or `behind` nginx on that port,
    where nginx asks for `path`."""
    port = behind or ctx.target.port
    server = _server(ctx, port)
    if config.product != "apache" or ctx.observed(ServerRequestError) or server is None:
        return
    sites = answering_sites(config, port, ctx.target.host)
    requested = requested_site(ctx, sites, path)
    for log in dict.fromkeys(site.error_log for site in sites if site.error_log.startswith("/")):
        at = ctx.elapsed()
        result = await _read(ctx, log)
        equivalent = f"tail -n 50 {shlex.quote(log)}"
        if result.status == _FORBIDDEN:
            emit_not_observed(ctx, log, "needs root", f"sudo {equivalent}")
            continue
        if result.status is None:
            emit_unanswered(ctx, log, result, f"sudo {equivalent}")
        clock, _, text = result.out.partition("\n")
        epoch, _, now = clock.partition(" ")
        seconds = _seconds(server, epoch, ctx.elapsed())
        error = last_request_error(text, now, seconds, requested) or other_request_error(
            text, now, seconds, requested
        )
        rules = await _rules(ctx, error, sites) if error else None
        if error and not ctx.observed(ServerRequestError):
            _emit(ctx, at, config, log, error, behind, rules)


async def _rules(
    ctx: ProbeContext, error: RequestError, sites: tuple[WebSite, ...]
) -> ServerFile | None:
    """Return the .htaccess that an error is about: the one that it names, or for a circle of rules
    and a rule whose result is refused that of the site's folder."""
    roots = [site.root for site in sites if site.root.startswith("/") and site.reads_htaccess]
    is_of_rules = error.reason == "recursion" or error.code in BLANK_IN_QUERY
    path = f"{roots[0].rstrip('/')}/.htaccess" if is_of_rules and roots else ""
    path = error.file if error.reason == "htaccess" else path
    content = await ctx.machine.read(path, MAX_RULES) if path else None
    return ServerFile(path, content.text) if content and not content.failure else None


def _emit(
    ctx: ProbeContext,
    at: float,
    config: WebServerConfig,
    log: str,
    error: RequestError,
    behind: int = 0,
    rules: ServerFile | None = None,
) -> None:
    ctx.emit(
        ServerRequestError(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"tail -n 50 {shlex.quote(log)}",
            product=config.product,
            log=log,
            reason=error.reason,
            message=error.message,
            scheme=error.scheme,
            file=error.file,
            errno=error.errno,
            backend=error.backend,
            rule=error.rule,
            code=error.code,
            behind=behind,
            rules=rules,
        )
    )


def _server(ctx: ProbeContext, port: int) -> WebServer | None:
    """Return the Apache of ours that has the port."""
    servers = (
        server
        for server in ctx.observed(WebServer)
        if server.product == "apache" and not server.foreign and port in server.ports
    )
    return next(servers, None)


def _seconds(server: WebServer, epoch: str, elapsed: float) -> float:
    """Return the age of the oldest line that counts: it is of this run, and of the configuration
    that is loaded. An earlier one is about an earlier problem."""
    return min(elapsed, _since_load(server, epoch, elapsed)) + _SLACK


def _since_load(server: WebServer, epoch: str, elapsed: float) -> float:
    """Return the seconds since the configuration was loaded, `elapsed` if that is not known."""
    now = whole_number(epoch)
    return now - server.loaded if now is not None and server.loaded else elapsed
