"""Requests of visitors that failed, by nginx's access log, and their repetition in this run."""

from collections.abc import Collection

from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests


def current_failures(
    evidence: Evidence, statuses: Collection[int] = range(400, 600)
) -> tuple[FailedRequests, ...]:
    """Return the failures with one of these statuses, without those that succeed in this run."""
    return tuple(
        failure
        for failure in evidence.good(FailedRequests)
        if failure.status in statuses
        and ((again := repeated_exchange(evidence, failure)) is None or (again.status or 0) >= 400)
    )


def repeated_exchange(evidence: Evidence, failure: FailedRequests) -> Exchange | None:
    """Return the response to the same request, sent again by this run; None if it was not sent or
    not answered."""
    url = evidence.target.origin + failure.path
    for exchange in evidence.good(Exchange):
        if exchange.purpose == "logged" and (exchange.method, exchange.url) == (
            failure.method,
            url,
        ):
            return exchange
    return None
