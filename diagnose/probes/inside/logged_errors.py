"""Reads in Apache's error log why earlier requests of visitors failed, which its access log has
(`server_access_logs`): mod_proxy waited for the application, and gave up."""

import shlex
from collections.abc import Iterable

from diagnose.model import Vantage
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.apache.logged_requests import TimedOut, timed_out_request, timed_out_script
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.server_logs import READ_SCRIPT

#: Statuses with which mod_proxy reports a failed application.
GATEWAY_ERRORS = {502, 503, 504}


async def observe_reasons(
    ctx: ProbeContext, config: WebServerConfig, failures: Iterable[FailedRequests]
) -> None:
    """Emit why the requests failed that a gateway's status ended, one line for each."""
    failed = [failure for failure in failures if failure.status in GATEWAY_ERRORS]
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
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


def _reason(text: str, failure: FailedRequests) -> TimedOut | None:
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
    reason: TimedOut,
) -> None:
    ctx.emit(
        LoggedRequestError(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=f"tail -n 50 {shlex.quote(log)}",
            server="apache",
            log=log,
            method=failure.method,
            path=failure.path,
            status=failure.status,
            message=reason.message,
            reason="timeout",
            backend=reason.backend,
            waited_s=reason.waited_s,
            names_path=reason.names_path,
        )
    )
