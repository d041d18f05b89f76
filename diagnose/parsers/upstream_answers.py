"""Whether an application's answers show that one part of nginx's request makes the difference.
No I/O."""

from collections.abc import Iterable
from urllib.parse import urljoin

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest, RequestPart
from diagnose.parsers.origin_refusals import refuses_origin
from diagnose.parsers.redirects import (
    REDIRECTS,
    leads_to_itself,
    loses_port,
    redirect_target,
)
from diagnose.parsers.urls import normalize_url, parse_url

#: How an application ends a connection in the place of an answer. nginx makes a 502 of it.
_CLOSED = {"closed", "reset"}
#: What names a context path: the redirect of the application's first page, or what the program
#: says of itself. What Java's settings name needs no other proof.
REDIRECT, TOLD = "redirect", "told"


def is_questionable(exchange: Exchange) -> bool:
    """Return whether a page's status may come from nginx's request: an error, or a redirect to the
    same URL, also without its port. Neither is a fault of the request by itself.

    503 and 504 say that a server has no time. Asked more often, it has less.
    """
    if exchange.failure or exchange.status is None:
        return False
    is_error = exchange.status >= 400 and exchange.status not in {503, 504}
    return is_error or leads_to_itself(exchange) or loses_port(exchange)


def reproduces(response: ComparedRequest, exchange: Exchange) -> bool:
    """Return whether the application, asked as nginx asks it, answers what visitors get. nginx
    answers 502 where it closes the connection."""
    if response.failure:
        return exchange.status == 502 and response.failure.kind in _CLOSED
    if response.status != exchange.status:
        return False
    return response.status not in REDIRECTS or response.location == redirect_target(exchange)


def is_served(response: ComparedRequest, target: Target) -> bool:
    """Return whether the application serves a page, or redirects to another page of the site."""
    status = response.status or 0
    if response.failure or not 200 <= status < 400:
        return False
    if status < 300:
        return True
    url = parse_url(response.location) if status in REDIRECTS else None
    if url is None or url.host != target.host:
        return False
    return url.path.partition("?")[0] != target.path_without_query


#: Statuses with which an application refuses a request to something that it has: it wants
#: credentials, or another method (RFC 9110 sections 15.5.2 and 15.5.6).
_EXISTING = {401, 405}


def is_known_path(response: ComparedRequest, as_nginx: ComparedRequest) -> bool:
    """Return whether the application has something at another path, and nothing at the one that
    nginx asks for: an interface refuses GET, or wants credentials."""
    is_found = response.failure is None and response.status in _EXISTING
    is_path = response.part in {"path", "context-path"}
    return is_path and as_nginx.status == 404 and is_found


def is_accepted(response: ComparedRequest, as_nginx: ComparedRequest, target: Target) -> bool:
    """Return whether the application serves a changed request, has something at a changed path, or
    no longer refuses the origin of an empty form. It may well refuse the form then for another
    reason: it is empty, and has no token."""
    if is_served(response, target) or is_known_path(response, as_nginx):
        return True
    if response.method != "POST" or response.failure or not _refuses_origin(as_nginx):
        return False
    if not 300 <= (response.status or 0) < 500:
        return False
    if response.name != "Origin":
        return _answer(response) != _answer(as_nginx)
    # Another Origin may itself be the reason of another refusal. Django says more about a missing
    # cookie than about a foreign origin.
    is_longer = response.change == "replaced" and (response.length or 0) > (as_nginx.length or 0)
    return not _refuses_origin(response) or (is_longer and response.status == as_nginx.status)


def needs_unknown_path(part: RequestPart, name: str) -> bool:
    """Return whether a change of a request takes a control with a path that nobody has made."""
    return part == "path" or (part == "context-path" and name in {REDIRECT, TOLD})


def is_catch_all(requests: Iterable[ComparedRequest], changed: ComparedRequest) -> bool:
    """Return whether the application answers a path that nobody has made as it answers the changed
    one: it has one page, or one refusal, for all paths. Without that control it may have. A context
    path that the application's own settings name needs none."""
    if not needs_unknown_path(changed.part, changed.name):
        return False
    unknown = [request for request in requests if request.part == "unknown-path"]
    answer = changed.status, changed.is_html
    return not unknown or any((request.status, request.is_html) == answer for request in unknown)


def _answer(response: ComparedRequest) -> tuple[int | None, int | None, str]:
    return response.status, response.length, response.body


def _refuses_origin(response: ComparedRequest) -> bool:
    return refuses_origin(response.status, response.body)


def absolute_location(location: str, page: str) -> str:
    """Return a Location as an absolute URL, normalized; it is relative to the URL of the page
    that sent it."""
    if not location:
        return ""
    try:
        return normalize_url(urljoin(page, location.strip()))
    except ValueError:
        return location
