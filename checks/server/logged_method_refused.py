"""A rule of Apache, HAProxy or Caddy refuses a method by which visitors change something (PUT,
PATCH, DELETE): its list of methods that are let in lacks it. This run asks with GET, which passes.

The evidence is the server's log: a page of the site sent such requests, or a program that is served
at the same path, or beside it, by another method. The rule is evaluated for each request, and is
taken only if it gives the status of the log. A rule that names what it refuses was meant so.
"""

from collections.abc import Iterator, Sequence

from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._method_refusals import MethodRefusal, method_refusal
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig

_CHANGING = frozenset({"PUT", "PATCH", "DELETE"})
_REFUSED = frozenset({403, 405})


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FailedRequests],
    explains=["server.other-requests-failed", "server.visitors-refused", "server.method-refused"],
)
def logged_method_refused(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    failures = [
        failure
        for failure in evidence.good(FailedRequests)
        if failure.server == view.server.product
        if failure.method in _CHANGING and failure.status in _REFUSED
        if failure.is_from_page or failure.is_served_otherwise
    ]
    groups: dict[tuple[str, int], list[FailedRequests]] = {}
    for failure in failures:
        refusal = method_refusal(view, (failure.method,), failure.path)
        # Without an edit the rule is no list of what is let in.
        if refusal and refusal.edit and refusal.status == failure.status:
            groups.setdefault((refusal.file, refusal.line), []).append(failure)
    for group in groups.values():
        methods = tuple(dict.fromkeys(failure.method for failure in group))
        refusal = method_refusal(view, methods, group[0].path)
        if refusal is not None and refusal.edit is not None:
            yield _claim(view, refusal, group, methods)


def _claim(
    view: ServerView,
    refusal: MethodRefusal,
    failures: Sequence[FailedRequests],
    methods: Sequence[str],
) -> Claim:
    target, first = view.evidence.target, failures[0]
    subjects = tuple(Subject(port=target.port, path=failure.path) for failure in failures)
    load = () if refusal.file.endswith("/.htaccess") else reload_steps(view.server)
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(view.server, *([view.config] if view.config else []), *failures),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": target.origin + first.path,
            "methods": methods,
            "method": first.method,
            "status": refusal.status,
            "rule": refusal.rule,
            "place": place_text(refusal.file, refusal.line),
            "log": first.file,
            "times": sum(failure.times for failure in failures),
            "page": any(failure.is_from_page for failure in failures),
        },
        fix=Fix((*([refusal.edit] if refusal.edit else []), *load), Applicability.REVIEW),
    )
