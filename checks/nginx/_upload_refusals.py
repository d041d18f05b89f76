"""Whose answer is an error in nginx's access log: nginx writes a line of the level `error` for each
body and each visitor that it refuses itself (ngx_http_core_module, client_max_body_size;
ngx_http_access_module), and none for what an application answers."""

from checks.nginx._page_errors import logged_errors
from diagnose.model import Evidence
from diagnose.model.logs import ErrorLog, FailedRequests
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.error_log import keeps_request_errors
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: How the line of nginx's own refusal begins.
OWN_REFUSAL = "client intended to send too large"

#: Seconds for which the error log has to be complete: the access log is read for ten minutes.
_COMPLETE = 590
#: Directives with which nginx answers itself, without a line in its log, and statuses that an
#: application rarely has: nginx notes their reason at the level `info`.
_RULES = ("return", "if", "rewrite", "limit_except", "auth_basic", "auth_request", "internal")
_OF_NGINX = frozenset({400, 401, 408, 444, 494, 495, 496, 497, 499})


def is_applications_answer(
    evidence: Evidence, failure: FailedRequests, match: LocationMatch | None
) -> bool:
    """Return whether the application answered a request with an error below 500: the location
    passes it on without a rule, and nginx's error log of that time is known and has no line about
    the path."""
    if match is None or not 400 < failure.status < 500 or failure.status in _OF_NGINX:
        return False
    # A limit may write its refusals at a lower level (limit_req_log_level).
    if failure.status == 429 and any(map(match.directive, ("limit_req", "limit_conn"))):
        return False
    blocks = (match.blocks[1], match.block) if len(match.blocks) > 1 else match.blocks
    return (
        pass_directive_of(match) is not None
        and not any(children(block, name) for block in blocks for name in _RULES)
        and any(map(_is_complete, evidence.good(ErrorLog)))
        and not logged_errors(evidence, "", failure.path)
    )


def is_applications_refusal(evidence: Evidence, match: LocationMatch | None) -> bool:
    """Return whether the application refused an upload to a location: it is passed on, and nginx's
    error log of that time is known and has no refusal of its own."""
    is_passed_on = match is not None and pass_directive_of(match) is not None
    return (
        is_passed_on
        and any(map(_is_complete, evidence.good(ErrorLog)))
        and not logged_errors(evidence, OWN_REFUSAL)
    )


def _is_complete(log: ErrorLog) -> bool:
    return keeps_request_errors(log.level) and log.until - log.since >= _COMPLETE
