"""Requests of visitors that failed, by the access log, and their repetition in this run."""

from collections.abc import Collection

from checks.nginx._page_errors import logged_errors
from diagnose.model import Evidence
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.program_logs import ProgramRefusal
from diagnose.parsers.failed_requests import CLIENT_CLOSED, FILLED_IN_WRONGLY
from diagnose.parsers.request_fields import METHODS
from diagnose.parsers.usual_paths import is_usual_websocket

#: The levels of lines that say why a request failed.
_REASONS = frozenset({"error", "crit", "alert", "emerg"})
#: What an application mostly means by a status.
_HINTS = {"expired": {419}, "forbidden": {403}, "wrong_method": {405}, "large": {413}}


def current_failures(
    evidence: Evidence, statuses: Collection[int] = range(400, 600), server: str = "nginx"
) -> tuple[FailedRequests, ...]:
    """Return the failures in the log of this server with one of these statuses, without those that
    succeed in this run."""
    return tuple(
        failure
        for failure in evidence.good(FailedRequests)
        if failure.server == server
        and failure.status in statuses
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


def unopened_failures(evidence: Evidence, server: str) -> tuple[FailedRequests, ...]:
    """Return the failures without those of WebSockets that this run opens itself, of which their
    checks say more, of forms that may have been filled in wrongly, of clients that did not wait,
    of preflights of a site that may not be allowed, and of changes that a program may not make."""
    opened_paths = {upgrade.path for upgrade in evidence.of(Upgrade) if upgrade.through == "front"}
    failures = current_failures(evidence, server=server)
    return tuple(
        failure
        for failure in failures
        if failure.path not in opened_paths
        if failure.status not in {FILLED_IN_WRONGLY, CLIENT_CLOSED}
        if not failure.is_served_otherwise
        if (failure.method, failure.status) != ("OPTIONS", 403)
    )


def request_facts(
    evidence: Evidence, failure: FailedRequests, again: Exchange | None
) -> dict[str, object]:
    """Return what the pages of checks say about a failure; `again` is the response to the same
    request in this run."""
    is_websocket = is_usual_websocket(failure.path)
    return {
        "method": failure.method,
        "url": evidence.target.origin + failure.path,
        "status": failure.status,
        "times": failure.times if failure.times > 1 else "",
        "last": failure.written,
        "log": failure.file,
        "page": failure.is_from_page,
        "query": failure.has_query,
        "again": bool(again),
        "get": failure.method == "GET" and not is_websocket,
        "websocket": is_websocket,
        "path": failure.path,
        "target": evidence.target.url,
        "preflight": failure.method == "OPTIONS",
        "askable": failure.method in METHODS,
    }


def applications_words(evidence: Evidence, failure: FailedRequests) -> ProgramRefusal | None:
    """Return what the application wrote about a failure in its own log; None if nothing."""
    key = failure.method, failure.path, failure.status
    return next(
        (
            refusal
            for refusal in evidence.good(ProgramRefusal)
            if (refusal.method, refusal.path, refusal.status) == key
        ),
        None,
    )


def logged_reason(evidence: Evidence, failure: FailedRequests) -> LogLine | None:
    """Return what nginx's error log says last of a failure: why it refused the request, or what
    failed on the way; None if nothing."""
    lines = [
        line
        for line, _ in logged_errors(evidence, r".", failure.path)
        if line.level in _REASONS and line.request.startswith(f"{failure.method} ")
    ]
    return lines[-1] if lines else None


def status_hints(failure: FailedRequests) -> dict[str, object]:
    """Return what an application mostly means by the status, for the step "ask-the-application"."""
    return {name: failure.status in statuses for name, statuses in _HINTS.items()}
