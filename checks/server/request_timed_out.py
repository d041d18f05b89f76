"""Apache or Caddy waited for the answer to another request than the target's page, and gave up.

Apache: the access log has 502 or 504 for it, and the error log, for the same path, "(70007)The
timeout specified has expired: AH01102: error reading status line from remote server" (mod_proxy),
as late as Apache waits. Caddy: the log has 504 after the time of `response_header_timeout`,
without which Caddy waits for ever.

The request is not sent again: it takes as long as the server waits, and a POST changes something.
Whether the application needs longer or hangs the logs do not say.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application
from checks.server._longer_timeouts import longer_timeout_edit
from checks.server._page_timeouts import PageTimeout, page_timeouts
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import GATEWAY_FAILURES

#: Failures of one kind from which on they are no accident.
_OFTEN = 2
#: Seconds: by which the two logs may differ, and what is written where it was too short (a guess:
#: the time that the application needs is not known).
_SLACK, _LONGER = 1.5, 300


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FailedRequests],
    explains=["server.other-requests-failed"],
    names_requests=True,
)
def request_timed_out(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    for failure in current_failures(evidence, GATEWAY_FAILURES, view.server.product):
        route = route_to_application(view, failure.path)
        errors = [
            error
            for error in evidence.good(LoggedRequestError)
            if error.reason == "timeout" and error.is_of(failure)
        ]
        site = next(iter(view.answering_sites), None)
        if site is not None and (errors or (route and _is_cut_by_caddy(view, route, failure))):
            yield _claim(view, site, route, failure, next(iter(errors), None))
            return


def _is_cut_by_caddy(view: ServerView, route: SiteRoute, failure: FailedRequests) -> bool:
    is_gateway_timeout = view.server.product == "caddy" and failure.status == 504
    if not is_gateway_timeout or failure.lasted_s is None:
        return False
    return _timeout(view, route, failure.lasted_s) is not None


def _claim(
    view: ServerView,
    site: WebSite,
    route: SiteRoute | None,
    failure: FailedRequests,
    error: LoggedRequestError | None,
) -> Claim:
    waited = error.waited_s if error else failure.lasted_s
    timeout = _timeout(view, route, waited) if route else None
    longer = int(max(_LONGER, 2 * (waited or 0)))
    edit = longer_timeout_edit(view, site, timeout, longer)
    is_used = failure.is_from_page or failure.times >= _OFTEN
    application = (error.backend if error else "") or (route.authority if route else "")
    return Claim(
        about=Subject(port=view.evidence.target.port, path=failure.path),
        because=(failure, *([error] if error else []), view.server),
        severity=None if is_used else Severity.NOTE,
        confidence=Confidence.CERTAIN if error and error.names_path else Confidence.LIKELY,
        facts={
            **view.facts,
            "method": failure.method,
            "url": view.evidence.target.origin + failure.path,
            "status": failure.status,
            "times": failure.times if failure.times > 1 else "",
            "last": failure.written,
            "waited": round(waited) if waited else "",
            "setting": timeout.text if timeout else "",
            "place": timeout.place if timeout else place_text(site.file, site.line),
            "application": application,
            "message": error.message if error else "",
            "log": error.log if error else failure.file,
            "longer": longer,
            view.server.product: True,
        },
        ruled_out=("server.application-down",),
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "wait-longer"),
    )


def _timeout(view: ServerView, route: SiteRoute, waited: float | None) -> PageTimeout | None:
    """Return the setting that ended a wait of so many seconds."""
    timeouts = [
        timeout
        for timeout in page_timeouts(view, route)
        if waited is None or abs(timeout.seconds - waited) <= _SLACK
    ]
    return min(timeouts, key=lambda timeout: timeout.seconds, default=None)
