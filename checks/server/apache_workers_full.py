"""Every worker of Apache is busy: visitors connect and get no answer. Apache says so once in its
log (AH00484 and its relatives), when it reaches MaxRequestWorkers."""

from collections.abc import Iterator

from checks.server import server_view
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
    if view is None or error is None or not stalled or len(stalled) != len(visits):
        return
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port),),
        because=(error, view.server, *stalled),
        facts={**view.facts, "message": error.message, "log": error.log},
        # The line is written once, and may be older than this visit.
        confidence=Confidence.LIKELY,
        fix=Fix((Manual("free", Where.SERVER),), Applicability.MANUAL),
    )
