"""The application reports that the Upgrade was lost, and the response names another proxy or CDN
behind the front server. From outside one cannot tell which of them lost it."""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.http import hops
from diagnose.parsers.websocket_refusal import upgrade_lost


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=["websocket.not-upgraded"],
)
def inner_proxy(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "other"):
        first = attempt.first
        passed = hops(first.headers)
        if first.failure is None and passed and upgrade_lost(first.status, first.body):
            yield claim(attempt, "every-hop", Where.SERVER, {"hops": passed}, Confidence.POSSIBLE)
