"""Whose answer is 413 Content Too Large in nginx's access log: nginx writes a line of the level
`error` for each body that it refuses itself (ngx_http_core_module, client_max_body_size)."""

from checks.nginx._page_errors import logged_errors
from diagnose.model import Evidence
from diagnose.model.logs import ErrorLog
from diagnose.parsers.nginx.error_log import keeps_request_errors
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: How the line of nginx's own refusal begins.
OWN_REFUSAL = "client intended to send too large"

#: Seconds for which the error log has to be complete: the access log is read for ten minutes.
_COMPLETE = 590


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
