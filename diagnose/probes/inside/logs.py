"""Probes for nginx's error logs: the lines of the last minutes, and what stopped an earlier reload.

The logs are read as soon as the configuration names them. They are read again if the site then
fails, because nginx logs the reason only at that moment. One command reads all logs.
"""

import asyncio
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.machine.container import ContainerMachine
from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Observation, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, ResponseBody, Upgrade
from diagnose.model.logs import ErrorLog, LogLine, OpenFiles
from diagnose.model.nginx import NginxBuild, NginxConfig, UpstreamTry
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import error_log, server_blocks
from diagnose.parsers.nginx.config import command_line_directives
from diagnose.parsers.nginx.error_log import Clock, LogDestination
from diagnose.parsers.nginx.file_paths import start_folder
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.nginx_processes import own_masters

#: Seconds. Older lines belong to earlier problems.
RECENT_SECONDS = 600

#: Maximum number of logs read.
MAX_LOGS = 6

#: Statuses with which nginx reports a failure whose reason is in its error log.
FAILURE_STATUSES = {400, 413, 431, 500, 502, 503, 504}

#: Seconds to wait for further failures before the logs are read again, and the maximum number of
#: readings in a run.
BATCH_SECONDS, MAX_READINGS = 0.1, 5

READ_SCRIPT = read_script(__file__, "error_logs.sh")
TAIL_BYTES = 65536


@frozen
class LogReading:
    """The output of READ_SCRIPT for one log.

    The state is "log", "missing", "denied" or "special"; from `since` on, the lines are complete.
    `is_output` is True for what a container writes to its output, which its engine keeps.
    """

    log: LogDestination
    state: str
    clock: Clock | None = None
    lines: tuple[LogLine, ...] = ()
    since: float = 0.0
    is_output: bool = False


@probe(after=NginxConfig)
async def error_logs(ctx: ProbeContext, config: NginxConfig) -> None:
    if not config.failure:
        await _read_logs(ctx, config)


@probe(after=Exchange)
async def after_an_answer(ctx: ProbeContext, exchange: Exchange) -> None:
    await _reread(ctx, exchange)


@probe(after=ResponseBody)
async def after_a_body(ctx: ProbeContext, body: ResponseBody) -> None:
    await _reread(ctx, body)


@probe(after=Upgrade)
async def after_an_upgrade(ctx: ProbeContext, upgrade: Upgrade) -> None:
    await _reread(ctx, upgrade)


@probe(after=Handshake)
async def after_a_handshake(ctx: ProbeContext, handshake: Handshake) -> None:
    await _reread(ctx, handshake)


@probe(after=UpstreamTry)
async def after_a_try(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    await _reread(ctx, attempt)


async def _reread(
    ctx: ProbeContext, observation: Exchange | ResponseBody | Upgrade | Handshake | UpstreamTry
) -> None:
    """Read the logs again after a failure, once for several failures at the same time.

    Before the configuration is known, this does nothing: the first reading will include the
    failure.
    """
    config = next((config for config in ctx.observed(NginxConfig) if not config.failure), None)
    if config is None or not (_has_failed(observation) or _may_hide_failure(ctx, observation)):
        return
    await asyncio.sleep(BATCH_SECONDS)
    read_times = {log.at for log in ctx.observed(ErrorLog)}
    is_covered = any(read_time >= _end_of_requests(ctx) for read_time in read_times)
    if (
        _reasons_to_read(ctx)[-1] is observation
        and not is_covered
        and len(read_times) < MAX_READINGS
    ):
        await _read_logs(ctx, config, is_reread=True)


def _reasons_to_read(ctx: ProbeContext) -> list[Observation]:
    """Return, in the order in which they were observed, the failures and what may hide one."""
    observations = ctx.observed(Exchange, ResponseBody, Upgrade, Handshake, UpstreamTry)
    return [
        observation
        for observation in observations
        if _has_failed(observation) or _may_hide_failure(ctx, observation)
    ]


def _end_of_requests(ctx: ProbeContext) -> float:
    """Return when the last request ended about which the logs may say more, in seconds since the
    start of the run. A connection to an application by this program leaves no line in them."""
    return max(
        (
            reason.at + reason.took
            for reason in _reasons_to_read(ctx)
            if not isinstance(reason, UpstreamTry)
        ),
        default=0.0,
    )


def _may_hide_failure(ctx: ProbeContext, observation: Observation) -> bool:
    """Whether the site answered, and an application behind it does not: nginx may have answered
    from `error_page`, from a cache or by another server, and logs that it did."""
    match observation:
        case UpstreamTry(failure=Failure()):
            return any(_is_page(page) for page in ctx.observed(Exchange))
        case Exchange() if _is_page(observation):
            return any(attempt.failure for attempt in ctx.observed(UpstreamTry))
    return False


def _is_page(exchange: Exchange) -> bool:
    return exchange.purpose == "target" and exchange.status is not None


def _has_failed(observation: Observation) -> bool:
    """Whether an observation is a failure for visitors that nginx logs.

    Comparisons are meant to fail, and nginx does not log an untrusted certificate.
    """
    match observation:
        case Handshake(failure=Failure(kind=kind), is_browser_like=True):
            return kind in {"closed", "reset", "timeout", "alert", "protocol"}
        case ResponseBody(request=request, end=end):
            return end == "cut" and request != "application"
        case Exchange(purpose="target", status=None):
            return True
        case Exchange(purpose="target", status=int(status)):
            # nginx logs why it refuses a page (403) or finds no file (404).
            return status >= 400
        case Upgrade(through="front", status=status) | Exchange(status=status):
            return status in FAILURE_STATUSES
    return False


def _has_any_failed(ctx: ProbeContext) -> bool:
    return any(map(_has_failed, ctx.observed(Exchange, ResponseBody, Upgrade, Handshake)))


async def _read_logs(ctx: ProbeContext, config: NginxConfig, is_reread: bool = False) -> None:
    if not ctx.options.wants("nginx") and not ctx.options.wants("upstream"):
        return
    logs = _target_logs(ctx, config)
    # A log that is not a file is reported as not observed only after a failure.
    report_unlogged = _has_any_failed(ctx)
    for log in logs if report_unlogged else ():
        if not log.is_file and not isinstance(ctx.machine, ContainerMachine):
            emit_not_observed(ctx, log.target, "logged to no file", _journal_command(log))
    if (
        report_unlogged
        and logs
        and not any(error_log.keeps_request_errors(log.level) for log in logs)
    ):
        # Control panels set `crit`: why a request failed is written nowhere.
        emit_not_observed(ctx, logs[0].target, "its level leaves the errors of requests out")
    inside = ctx.machine if isinstance(ctx.machine, ContainerMachine) else None
    files = [
        log
        for log in logs
        if (log.is_file or (inside and log.target == "stderr")) and log.target != "/dev/null"
    ][:MAX_LOGS]
    if not files:
        return
    at, targets = ctx.elapsed(), [log.target for log in files]
    if inside:
        result = await inside.read_logs(*targets)
    else:
        result = await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", *targets)
    for reading in parse_readings(result.out, files):
        _emit_log(ctx, reading, at, result.took, is_reread)
    exhausted = error_log.exhaustion_lines(ctx.observed(LogLine))
    if exhausted and not ctx.observed(OpenFiles):
        await _emit_open_files(
            ctx, [exhausted[-1].pid, *(master.pid for master in own_masters(ctx))]
        )


async def _emit_open_files(ctx: ProbeContext, pids: Sequence[int]) -> None:
    """Emit the open-file limits of the worker that reached them or, if it is gone, the master."""
    for pid in pids:
        at, path = ctx.elapsed(), f"/proc/{pid}/limits"
        content = await ctx.machine.read(path, 4096)
        if match := re.search(r"^Max open files +(\d+) +(\d+)", content.text, re.MULTILINE):
            ctx.emit(
                OpenFiles(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=f"grep 'open files' {path}",
                    pid=pid,
                    soft=int(match[1]),
                    hard=int(match[2]),
                )
            )
            return


def _emit_log(
    ctx: ProbeContext, reading: LogReading, at: float, took: float, is_reread: bool
) -> None:
    equivalent = shlex.join(("tail", "-c", str(TAIL_BYTES), reading.log.target))
    if isinstance(ctx.machine, ContainerMachine) and reading.is_output:
        equivalent = shlex.join((ctx.machine.engine, "logs", "--tail", "1000", ctx.machine.name))
    if reading.clock is None or reading.state != "log":
        if reading.state == "denied":
            emit_not_observed(ctx, reading.log.target, "needs root", f"sudo {equivalent}")
        elif reading.state == "special" and _has_any_failed(ctx):
            emit_not_observed(
                ctx, reading.log.target, "logged to no file", _journal_command(reading.log)
            )
        return
    lines = error_log.relevant_lines(reading.lines, ctx.target.host, reading.since)
    known_keys = {_key(line) for line in ctx.observed(LogLine)}
    for line in lines:
        if _key(line) not in known_keys:
            ctx.emit(replace(line, at=at, took=took, equivalent=equivalent))
    ctx.emit(
        ErrorLog(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=equivalent,
            file=reading.log.target,
            until=reading.clock.epoch,
            since=reading.since,
            level=reading.log.level,
            again=is_reread,
        )
    )


def _key(line: LogLine) -> tuple[object, ...]:
    return (line.file, line.when, line.pid, line.text, line.request, line.upstream, line.host)


def parse_readings(text: str, logs: Sequence[LogDestination]) -> tuple[LogReading, ...]:
    """Split the output of READ_SCRIPT into one reading per log."""
    head, *parts = re.split(r"^(?=log|missing|denied|special)", text, flags=re.MULTILINE)
    clock_match = re.match(r"now (\d+) (\S+ \S+)", head)
    clock = Clock(float(clock_match[1]), clock_match[2].strip()) if clock_match else None
    return tuple(_parse_reading(log, part, clock) for log, part in zip(logs, parts, strict=False))


def _parse_reading(log: LogDestination, part: str, clock: Clock | None) -> LogReading:
    first, *lines = part.split("\n")
    state, _, size = first.partition(" ")
    if clock is None or state != "log":
        return LogReading(log, state, clock)
    # Lines found further back follow the empty line.
    end = lines.index("") if "" in lines else len(lines)
    tail, back = (
        error_log.parse("\n".join(line.removeprefix(" ") for line in section), log.target, clock)
        for section in (lines[:end], lines[end:])
    )
    oldest = min((line.when for line in tail), default=clock.epoch)
    older = tuple(line for line in back if line.when < oldest)
    length = whole_number(size)
    cut = length is None or length > TAIL_BYTES
    since = max(oldest, clock.epoch - RECENT_SECONDS) if cut else clock.epoch - RECENT_SECONDS
    return LogReading(log, state, clock, older + tail, since, size == "output")


def _target_logs(ctx: ProbeContext, config: NginxConfig) -> tuple[LogDestination, ...]:
    """Return the logs of the blocks and locations that answer the target, and of nginx itself."""
    build = next(iter(ctx.observed(NginxBuild)), None)
    master = next(iter(own_masters(ctx)), None)
    options = master.arguments if master else ()
    option_values = dict(zip(options[::2], options[1::2], strict=False))
    prefix = start_folder(build, options) or "/"
    build_paths = [argument.partition("=")[2] for argument in (build.arguments if build else ())
             if argument.startswith("--error-log-path=")]  # fmt: skip
    default = option_values.get("-e") or next(iter(build_paths), "logs/error.log")
    main = (*command_line_directives(options), *config.main)
    return error_log.log_destinations(main, _locations(ctx, config), default, prefix)


def _locations(ctx: ProbeContext, config: NginxConfig) -> Iterator[LocationMatch]:
    servers = server_blocks.servers(config.main)
    own = [
        server_blocks.select_server(socket, ctx.target.host)[0]
        for socket in server_blocks.sockets(servers, ctx.target.port)
    ]
    for server in own or [server for _, server in answering_blocks(ctx, config)]:
        yield LocationMatch((server.http, server.block))
        for path in (ctx.target.path, *ctx.target.websockets):
            yield select_location(server, path)


def _journal_command(log: LogDestination) -> str:
    """Return the command that shows a log without a file: systemd's journal keeps stderr."""
    return "" if log.target.startswith("memory:") else "journalctl -u nginx -n 100"
