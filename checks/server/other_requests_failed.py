"""Other requests of visitors fail than the one for the target's page, by the log of Apache, Caddy
or HAProxy, whose termination state says where each one ended. What fails again in this run, or
what visitors got that used the site's page, is a warning; the rest may be meant.

No cause is named here. A check that knows one explains this finding.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import repeated_exchange, request_facts, unopened_failures
from checks.server import server_on_port
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
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer

#: Failures of one kind from which on they are no accident.
_MANY = 3
#: Statuses of a gateway whose application may be well again (RFC 9110 sections 15.6.3 to 15.6.5),
#: and the one that administrators give to programs which look for weak sites.
_PASSING, _UNAVAILABLE = {502, 503, 504}, 503


@check(severity=Severity.WARNING, needs=[WebServer, FailedRequests], names_requests=True)
def other_requests_failed(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    for failure in unopened_failures(evidence, view.server.product):
        again = repeated_exchange(evidence, failure)
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            because=(failure, *([again] if again else [])),
            severity=None if _is_fault(failure, again) else Severity.NOTE,
            confidence=Confidence.CERTAIN,
            facts={
                **view.facts,
                **request_facts(evidence, failure, again),
                "command": failure.equivalent,
                "ending": failure.ending,
                **dict.fromkeys(_ENDINGS.values(), False),
                **_ending(failure.ending),
            },
            fix=Fix((Manual("ask-for-it", Where.SERVER),), Applicability.MANUAL),
        )


#: What the first two letters of a termination state mean for a request that failed (HAProxy's
#: Configuration Manual, section 8.5).
_ENDINGS = {
    "SC": "refused", "sC": "unreached", "SH": "cut", "sH": "silent", "sQ": "queued", "SQ": "queued",
    "PH": "invalid", "PR": "denied", "PC": "exhausted", "RC": "exhausted",
}  # fmt: skip


def _ending(state: str) -> dict[str, object]:
    name = _ENDINGS.get(state[:2])
    return {name: True} if name else {}


def _is_fault(failure: FailedRequests, again: Exchange | None) -> bool:
    is_used = failure.is_from_page or failure.times >= _MANY
    if failure.status < 500:
        return False
    if again:
        return failure.status != _UNAVAILABLE or failure.is_from_page
    return failure.status not in _PASSING and is_used
