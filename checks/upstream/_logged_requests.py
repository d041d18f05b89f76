"""Requests of visitors, other than the target's page, that nginx's two logs have: the access log
its answer, the error log what went wrong with the application."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._failed_requests import current_failures
from checks.nginx._page_errors import logged_errors
from checks.upstream._gateways import gateway_prefix, logged_gateway
from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.locations import LocationMatch

#: Failures of one kind from which on they are no accident.
_OFTEN = 2
#: nginx's answer to a POST of a file.
REFUSED = 405


@frozen
class LoggedRequest:
    """A request that failed at the application: the failures in the access log, the last line of
    the error log, and the location that passes it on by directives with this prefix ("proxy")."""

    failure: FailedRequests
    line: LogLine
    match: LocationMatch
    prefix: str

    @property
    def because(self) -> tuple[Observation, ...]:
        return (self.failure, self.line)


def logged_requests(nginx: Nginx, status: int, pattern: str) -> Iterator[tuple[LoggedRequest, ...]]:
    """Yield the requests that got this status, and whose line in the error log begins with
    `pattern`, those of one location together. Those to which a page for the failure said 405 are
    among them."""
    groups: dict[int, list[LoggedRequest]] = {}
    # What nginx answers behind another server is in the access log of that one.
    writers = ("nginx", *([nginx.inner.product] if nginx.inner else []))
    for writer in writers:
        for failure in current_failures(nginx.evidence, {status, REFUSED}, writer):
            request = _logged_request(nginx, failure, pattern)
            if request and (failure.status == status or refusing_page(request, status)):
                groups.setdefault(id(request.match.block), []).append(request)
    yield from map(tuple, groups.values())


def refusing_page(request: LoggedRequest, status: int) -> Directive | None:
    """Return the `error_page` that led a request with another method than GET to a file, which
    refuses it with 405 in place of this status (ngx_http_static_module); None if none did."""
    if request.failure.status != REFUSED or request.failure.method in {"GET", "HEAD"}:
        return None
    return error_page_here(request.match, status)


def error_page_here(match: LocationMatch, status: int) -> Directive | None:
    """Return the `error_page` for a status that leads to a path or location of this nginx."""
    for page in match.directives("error_page"):
        *statuses, place = page.args
        if str(status) in statuses and place[:1] in {"/", "@"}:
            return page
    return None


def is_no_accident(requests: tuple[LoggedRequest, ...], by_page: bool = True) -> bool:
    """Return whether requests failed several times, or (`by_page`) a page of the site sent them."""
    failures = [request.failure for request in requests]
    is_from_page = by_page and any(failure.is_from_page for failure in failures)
    return is_from_page or any(failure.times >= _OFTEN for failure in failures)


def _logged_request(nginx: Nginx, failure: FailedRequests, pattern: str) -> LoggedRequest | None:
    lines = [
        line
        for line, _ in logged_errors(nginx.evidence, pattern, failure.path)
        if line.request.partition(" ")[0] == failure.method
    ]
    match = logged_gateway(nginx, lines[-1], failure.path) if lines else None
    return LoggedRequest(failure, lines[-1], match, gateway_prefix(match)) if match else None
