"""Every worker of Apache is busy: visitors connect and get no answer. Apache says so once in its
log (AH00484 and its relatives), when it reaches MaxRequestWorkers. It comes and goes: to somebody
who has read that line, a visit that succeeds is no answer."""

from collections.abc import Iterator

from checks.server import server_view
from checks.server._worker_limits import worker_fix, worker_limits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.logs import ServerRequestError
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer


@check(
    severity=Severity.ERROR,
    needs=[WebServer, ServerRequestError, Handshake],
    explains=["server.application-answers", "tls.stalled", "http.server-error"],
)
def apache_workers_full(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    error = next((e for e in evidence.good(ServerRequestError) if e.reason == "workers"), None)
    visits = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == port and handshake.is_browser_like
    ]
    stalled = [visit for visit in visits if visit.failure and visit.failure.kind == "timeout"]
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "server-workers"
    is_stalled = bool(stalled) and len(stalled) == len(visits)
    if view is None or error is None or not (is_stalled or is_told):
        return
    limits = worker_limits(view, "scoreboard is full" in error.message)
    fix = worker_fix(view, limits) if limits else None
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port),),
        because=(error, view.server, *stalled),
        is_reported=is_told,
        facts={
            **view.facts,
            "message": error.message,
            "log": error.log,
            "stalled": is_stalled,
            "raised": fix is not None,
            "workers": limits.workers if limits else "",
            "wanted": limits.wanted_workers if limits else "",
        },
        # The line is written once, and may be older than this visit.
        confidence=Confidence.LIKELY,
        fix=fix or Fix((Manual("free", Where.SERVER),), Applicability.MANUAL),
    )
