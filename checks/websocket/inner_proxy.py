"""The application says that the Upgrade was lost, and the answer names another proxy or CDN that
it passed besides the server in front. Which of them lost it cannot be seen from outside."""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.http import hops, upgrade_lost


@check(severity=Severity.ERROR, needs=[Upgrade], explains=["websocket.not-upgraded"])
def inner_proxy(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "other"):
        first = attempt.first
        passed = hops(first.headers)
        if first.failure is None and passed and upgrade_lost(first.status, first.body):
            yield claim(attempt, "every-hop", Where.SERVER, {"hops": passed}, Confidence.POSSIBLE)
