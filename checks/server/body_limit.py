"""Caddy or HAProxy refuses an upload for its size: `request_body { max_size 1MB }` (Caddyfile,
"request_body"), or a rule that compares the size with a number (`http-request deny deny_status 413
if { req.body_size gt 1048576 }`).

The access log has the request, or a person asks about 413. Caddy answers 413, or 502 where it was
sending the body to the application already: then its log names the reason. HAProxy's log says of a
request that a rule refused it ("PR--"; Configuration Manual, section 8.5). Without that the program
behind may have answered 413 itself.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import ServerView, line_text, place_text, server_on_port
from checks.server._body_limits import ENOUGH, limit_severity, raised_limit, raising_fix
from checks.server._haproxy import haproxy_view
from checks.upstream._responses import asks_about_size, may_be_reported_limit
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.caddy.body_limits import body_limit as caddy_limit
from diagnose.parsers.caddy.request_log import is_body_refusal
from diagnose.parsers.haproxy.body_limits import body_rules

_TOO_LARGE, _BAD_GATEWAY = 413, 502
#: Methods of an upload.
_UPLOADS = {"POST", "PUT", "PATCH"}


@frozen
class _Limit:
    """A limit in bytes, the line that has the number, the directive, and whether nothing else can
    have given the answer."""

    size: int
    file: str
    line: int
    directive: str
    status: int
    is_certain: bool


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=["server.other-requests-failed", "server.application-down"],
)
def body_limit(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product not in {"caddy", "haproxy"}:
        return
    for failure in current_failures(evidence, range(400, 600), view.server.product):
        error = _logged_error(evidence, failure)
        limit = _limit(view, failure.path, failure, error)
        if failure.method in _UPLOADS and limit is not None:
            yield _claim(view, failure.path, limit, failure, error)
            return
    path = evidence.target.path_without_query
    limit = _limit(view, path, None, None) if asks_about_size(evidence) else None
    if limit is not None and may_be_reported_limit(evidence, limit.size, ENOUGH):
        yield _claim(view, path, limit, None, None)


def _logged_error(evidence: Evidence, failure: FailedRequests) -> LoggedRequestError | None:
    """Return what Caddy's log says of the request, if that is its own limit."""
    errors = (error for error in evidence.good(LoggedRequestError) if error.is_of(failure))
    return next((error for error in errors if is_body_refusal(error.message)), None)


def _limit(
    view: ServerView,
    path: str,
    failure: FailedRequests | None,
    error: LoggedRequestError | None,
) -> _Limit | None:
    """Return the limit that refuses a request, or may; None if none does. Without a `failure` it is
    any limit for the path."""
    if view.server.product == "haproxy":
        return _haproxy_limit(view, path, failure)
    if failure is not None and not (error or failure.status == _TOO_LARGE):
        return None
    limits = {
        caddy_limit(view.config.files if view.config else (), site, path)
        for site in view.answering_sites
    }
    limit = limits.pop() if len(limits) == 1 else None
    if limit is None:
        return None
    status = failure.status if failure else _TOO_LARGE
    is_certain = error is not None and limit.is_certain
    return _Limit(limit.size, limit.file, limit.line, "max_size", status, is_certain)


def _haproxy_limit(view: ServerView, path: str, failure: FailedRequests | None) -> _Limit | None:
    haproxy = haproxy_view(view.evidence, path)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return None
    for rule in body_rules(haproxy.proxies, view.evidence.target, path):
        is_own = failure is not None and failure.ending.startswith("PR")
        if failure is not None and (failure.status != rule.status or failure.ending[:1] == "-"):
            continue
        if failure is None and rule.status != _TOO_LARGE and not _is_upload(view.evidence):
            continue
        words = rule.line.words
        return _Limit(
            rule.size, rule.line.file, rule.line.number, " ".join(words), rule.status,
            is_own and rule.is_alone,
        )  # fmt: skip
    return None


def _is_upload(evidence: Evidence) -> bool:
    """Return whether a message says that an upload fails, and not with which status."""
    symptom = evidence.target.symptom
    return symptom is not None and symptom.kind == "upload"


def _claim(
    view: ServerView,
    path: str,
    limit: _Limit,
    failure: FailedRequests | None,
    error: LoggedRequestError | None,
) -> Claim:
    port, wanted = view.evidence.target.port, raised_limit(limit.size)
    is_caddy = view.server.product == "caddy"
    old, new = str(limit.size), str(wanted)
    if is_caddy:
        old = line_text(view, limit.file, limit.line).split()[-1]
        new = f"{-(-wanted // 1_000_000)}MB"
    return Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port, path=path),),
        because=(
            *([failure] if failure else []),
            *([error] if error else []),
            view.server,
            *([view.config] if view.config else []),
        ),
        confidence=Confidence.CERTAIN if limit.is_certain else Confidence.LIKELY,
        severity=limit_severity(view.evidence, failure),
        facts={
            **view.facts,
            "url": view.evidence.target.origin + path,
            "bytes": limit.size,
            "status": limit.status,
            "place": place_text(limit.file, limit.line),
            "directive": limit.directive,
            "written": old,
            "wanted": new,
            "logged": failure is not None,
            "method": failure.method if failure else "",
            "message": error.message if error else "",
            "caddy": is_caddy,
            "bad_gateway": limit.status == _BAD_GATEWAY,
        },
        fix=raising_fix(view, limit.file, limit.line, (old, new), "raise"),
    )
