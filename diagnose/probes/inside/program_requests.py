"""Reads the log of the program that serves the target, after a message about an upload that was too
large (413): it may have a limit of its own, behind a web server or without one. Nothing is sent."""

from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.program_requests import refused_request
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.containers import ENGINES
from diagnose.probes.inside.program_logs import (
    LOG_SCRIPT,
    PATIENCE,
    endpoints_of,
    is_front,
    parse_logs,
)
from diagnose.probes.inside.unanswered import emit_if_too_slow

#: Seconds. Older lines belong to earlier problems.
RECENT_SECONDS = 600

#: Content Too Large (RFC 9110 section 15.5.14), and the kinds of messages that may say so.
TOO_LARGE = 413
_KINDS = frozenset({"body-size", "upload"})


@probe(after=Exchange, needs=Listeners)
async def program_of_the_port(ctx: ProbeContext, _: Exchange, listeners: Listeners) -> None:
    await _read(ctx, listeners)


@probe(after=NginxConfig, needs=Listeners)
async def program_behind_nginx(ctx: ProbeContext, _: NginxConfig, listeners: Listeners) -> None:
    await _read(ctx, listeners)


@probe(after=WebServerConfig, needs=Listeners)
async def program_behind_a_server(
    ctx: ProbeContext, _: WebServerConfig, listeners: Listeners
) -> None:
    await _read(ctx, listeners)


async def _read(ctx: ProbeContext, listeners: Listeners) -> None:
    symptom = ctx.target.symptom
    if symptom is None or ctx.observed(NginxContainer):
        return
    is_status = symptom.kind == "status" and symptom.number == TOO_LARGE
    if symptom.kind not in _KINDS and not is_status:
        return
    for endpoint in dict.fromkeys(endpoints_of(ctx, ctx.target.path)):
        if not is_front(listeners, endpoint) and ctx.further_requests.begin(
            f"requests that {endpoint} refused"
        ):
            await _read_log(ctx, endpoint)


async def _read_log(ctx: ProbeContext, endpoint: str) -> None:
    at = ctx.elapsed()
    words = ("sh", "-c", LOG_SCRIPT, "sh", str(RECENT_SECONDS), endpoint)
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the log of the application", result)
    for log in parse_logs(result.out):
        request = refused_request(log.text, TOO_LARGE) if log.process not in ENGINES else None
        if request is not None:
            ctx.emit(
                ProgramRefusal(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=log.source,
                    endpoint=endpoint,
                    process=log.process,
                    method=request.method,
                    path=request.path,
                    status=TOO_LARGE,
                    message=request.text,
                    times=request.times,
                )
            )
            return
