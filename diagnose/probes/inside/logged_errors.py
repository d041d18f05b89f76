"""Reads in Apache's error log why earlier requests of visitors failed, which its access log has
(`server_access_logs`): mod_proxy waited for the application, and gave up; a rule of a web
application firewall refused them; or another message of that time. In Caddy's log: they were larger
than its limit."""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from diagnose.machine.container import ContainerMachine
from diagnose.model import Vantage
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.logged_requests import (
    LoggedReason,
    TimedOut,
    logged_reason,
    timed_out_request,
    timed_out_script,
)
from diagnose.parsers.caddy.request_log import body_refusal
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.server_logs import READ_SCRIPT

#: Statuses that need no reason of the log: a password, and a file that is not there.
_PLAIN = {401, 404}
#: Statuses of a request that was larger than Caddy's own limit.
_TOO_LARGE, _BAD_GATEWAY = 413, 502
#: Number of bytes of a log's end.
TAIL_BYTES = "400000"


async def observe_reasons(
    ctx: ProbeContext, config: WebServerConfig, failures: Iterable[FailedRequests]
) -> None:
    """Emit why the requests failed, one reason for each."""
    failed = [failure for failure in failures if failure.status not in _PLAIN]
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    if config.product == "caddy":
        await _observe_caddy(ctx, [log.path for site in sites for log in site.access_logs], failed)
    if config.product != "apache" or not failed:
        return
    for log in dict.fromkeys((*(site.error_log for site in sites), config.error_log)):
        if not log.startswith("/"):
            continue
        at = ctx.elapsed()
        result = await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", log)
        for failure in failed:
            reason = _reason(result.out, failure)
            known = {(error.method, error.path) for error in ctx.observed(LoggedRequestError)}
            if reason and (failure.method, failure.path) not in known:
                _emit(ctx, at, result.took, log, failure, reason)


async def _observe_caddy(
    ctx: ProbeContext, logs: Iterable[str], failures: Iterable[FailedRequests]
) -> None:
    """Emit which requests were larger than Caddy's `request_body` allows: it answers 502 where it
    was sending the body to the application already. In a container the log is read elsewhere."""
    failed = [each for each in failures if each.status in {_TOO_LARGE, _BAD_GATEWAY}]
    if not failed or isinstance(ctx.machine, ContainerMachine):
        return
    commands: list[tuple[str, ...]] = [
        ("tail", "-c", TAIL_BYTES, log) for log in dict.fromkeys(logs)
    ]
    units = {
        web_server.unit for web_server in ctx.observed(WebServer) if web_server.product == "caddy"
    } - {""}
    commands += [("journalctl", "-u", unit, "-n", "1000", "-o", "cat") for unit in units]
    for command in commands[:4]:
        at = ctx.elapsed()
        result = await ctx.machine.run(*command)
        for failure in failed:
            message = body_refusal(result.out, ctx.target.host, failure.path)
            known = {(error.method, error.path) for error in ctx.observed(LoggedRequestError)}
            if message and (failure.method, failure.path) not in known:
                log = command[-1] if command[0] == "tail" else failure.file
                reason = LoggedReason(message)
                _emit(ctx, at, result.took, log, failure, reason)


def _reason(text: str, failure: FailedRequests) -> TimedOut | LoggedReason | None:
    if failure.status not in GATEWAY_FAILURES:
        return logged_reason(text, failure.path, failure.written)
    if reason := timed_out_request(text, failure.path, failure.written):
        return reason
    # mod_proxy_fcgi's own status for it.
    return timed_out_script(text, failure.written) if failure.status == 504 else None


def _emit(
    ctx: ProbeContext,
    at: float,
    took: float,
    log: str,
    failure: FailedRequests,
    reason: TimedOut | LoggedReason,
) -> None:
    error = LoggedRequestError(
        vantage=Vantage.SERVER,
        at=at,
        took=took,
        equivalent=f"tail -n 50 {shlex.quote(log)}",
        server=failure.server,
        log=log,
        method=failure.method,
        path=failure.path,
        status=failure.status,
        message=reason.message,
        reason="timeout",
        names_path=reason.names_path,
    )
    if isinstance(reason, TimedOut):
        ctx.emit(replace(error, backend=reason.backend, waited_s=reason.waited_s))
    else:
        kind: Literal["firewall", "logged"] = "firewall" if reason.rule else "logged"
        ctx.emit(replace(error, reason=kind, rule=reason.rule, rule_file=reason.file))
