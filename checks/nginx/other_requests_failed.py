"""Other requests of visitors fail than the one for the target's page, by nginx's access log: an
upload, a form, an interface that the page's scripts use. What fails again in this run, or what
visitors got that used the site's page, is a warning; the rest may be meant.

No cause is named here. A check that knows one explains this finding.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._failed_requests import repeated_exchange, request_facts, unopened_failures
from checks.nginx._upload_refusals import is_applications_refusal
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
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

#: Failures of one kind from which on they are no accident.
_MANY = 3
#: A page sends what is not allowed: no site is made so.
_NOT_ALLOWED = 405
_TOO_LARGE = 413


@check(severity=Severity.WARNING, needs=[NginxConfig, FailedRequests], names_requests=True)
def other_requests_failed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for failure in unopened_failures(evidence, "nginx"):
        again = repeated_exchange(evidence, failure)
        match = next(iter(nginx.location_matches(failure.path)), None)
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            because=(failure, *([again] if again else [])),
            severity=None if _is_fault(evidence, failure, match) else Severity.NOTE,
            confidence=Confidence.CERTAIN,
            location=nginx.location(match.block) if match else None,
            facts={
                **request_facts(evidence, failure, again),
                "too_large_there": failure.status == _TOO_LARGE
                and is_applications_refusal(evidence, match),
                "block": " ".join((match.block.name, *match.block.args)) if match else "",
            },
            fix=Fix((Manual("ask-for-it", Where.SERVER),), Applicability.MANUAL),
        )


def _is_fault(evidence: Evidence, failure: FailedRequests, match: LocationMatch | None) -> bool:
    is_meant = match is not None and bool(children(match.block, "return"))
    if is_meant:
        return False
    if failure.status == _NOT_ALLOWED:
        return failure.is_from_page and failure.times >= _MANY
    if failure.status < 500:
        return False
    if repeated_exchange(evidence, failure):
        return True
    is_over = failure.status in GATEWAY_FAILURES and not any(
        attempt.failure for attempt in evidence.of(UpstreamTry)
    )
    return not is_over and (failure.is_from_page or failure.times >= _MANY)
