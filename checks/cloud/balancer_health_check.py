"""A load balancer answers with its own error: it has no server behind it, finds none healthy, or
gets no right answer from it.

The page shows whose it is (`diagnose.parsers.front_errors`). From outside it is only likely: the
server may be down. It is certain on the server, if its own web server answers the same request
well. If that fails too, the fault is the server's, and other checks name it. The access log may
have the balancer's health check, with its path and the status that it gets.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.cloud._health_check_answers import answering_steps, refused_check
from checks.http import _fronts, addresses, endpoint_subjects, is_looked_into
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.cloud import RefusedHealthCheck
from diagnose.model.http import Exchange, LocalAnswer

if TYPE_CHECKING:
    from diagnose.parsers.front_errors import FrontError, Meaning

#: What failed, as the name of a fact.
_MEANINGS: "dict[Meaning, str]" = {
    "no-target": "no_target",
    "unhealthy": "unhealthy",
    "silent": "silent",
    "slow": "slow",
    "broken": "broken",
}


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    needs_fault=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.error-in-front",
        "http.no-redirect",
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.rate-limited",
    ],
)
def balancer_health_check(evidence: Evidence) -> Iterator[Claim]:
    groups = _fronts.visits_by_error(evidence, _balancer_error)
    for (status, error), exchanges in groups.items():
        claim = _claim(evidence, status, error, exchanges)
        if claim is not None:
            yield claim


def _balancer_error(exchange: Exchange) -> "FrontError | None":
    error = _fronts.front_error(exchange)
    return error if error is not None and error.kind == "balancer" else None


def _claim(
    evidence: Evidence, status: int, error: "FrontError", exchanges: list[Exchange]
) -> Claim | None:
    machines = _fronts.fronts(evidence, addresses(exchanges))
    own = _own_answer(evidence)
    is_inside = is_looked_into(evidence)
    if error.is_program and not machines:
        return None
    if is_inside and (own is None or not _is_good(own)):
        return None
    subjects, checked = endpoint_subjects(exchanges), _health_check(evidence)
    refused = refused_check(evidence, addresses(exchanges))
    return Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *_fronts.other_subjects(evidence, exchanges)),
        because=(*exchanges, *(each for each in (own, checked, refused) if each)),
        confidence=_fronts.weakest(machines) if own and machines else Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "url": exchanges[0].url,
            "addresses": addresses(exchanges),
            "status": status,
            "product": error.product,
            "networks": error.networks,
            **{fact: meaning == error.meaning for meaning, fact in _MEANINGS.items()},
            "own_status": own.status if own and own.status else "",
            "own_address": own.address if own else "",
            "own_port": own.port if own else "",
            "command": own.equivalent if own else "",
            "check_status": checked.status if checked and checked.status else "",
            "check_location": (checked.header("Location") if checked else "") or "",
            "check_command": checked.equivalent if checked else "",
            **_refused_facts(refused),
        },
        fix=_fix(evidence, refused),
    )


def _refused_facts(check: RefusedHealthCheck | None) -> dict[str, object]:
    return {
        "asked_path": check.path if check else "",
        "asked_method": check.method if check else "",
        "asked_by": check.sender if check else "",
        "asked_status": check.status if check else "",
        "asked_times": check.times if check else 0,
        "asked_file": check.file if check else "",
    }


def _fix(evidence: Evidence, check: RefusedHealthCheck | None) -> Fix:
    steps = answering_steps(evidence, check) if check else ()
    if steps:
        return Fix((*steps, Manual("other-check", Where.CLOUD_CONSOLE)), Applicability.REVIEW)
    return Fix(
        (Manual("backend", Where.CLOUD_CONSOLE), Manual("server", Where.SERVER)),
        Applicability.MANUAL,
    )


def _own_answer(evidence: Evidence) -> LocalAnswer | None:
    """Return what the server's own web server answered: over TLS, or over http, where the balancer
    ends TLS."""
    page = _fronts.local_answer(evidence, "page")
    if page is not None and page.failure is None:
        return page
    return _fronts.local_answer(evidence, "forwarded") or page


def _health_check(evidence: Evidence) -> LocalAnswer | None:
    """Return the server's answer to a request like a usual health check, if it is not the 200 that
    such a check wants."""
    answer = _fronts.local_answer(evidence, "health-check")
    return (
        answer if answer is not None and answer.failure is None and answer.status != 200 else None
    )


def _is_good(answer: LocalAnswer) -> bool:
    return answer.failure is None and 0 < (answer.status or 0) < 500
