"""HAProxy compares the whole Host field with a name, and some clients write the port behind it
(`Host: shop.example.com:443`, RFC 9110 section 7.2): federation of Matrix, programs for scripts,
health checks. No rule is true for them, so that they get 503, or the application of other names.

Browsers leave out the port of the scheme: their pages work. So it is told only of a message, or of
requests in HAProxy's log that have the port (a captured field Host, or the URL of HTTP/2).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.server import manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from checks.server._haproxy_host_port import lines_with_port, port_taken_off
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import backend_with_port

#: Statuses of HAProxy itself, or of an application for other names.
_STATUSES = {400, 403, 404, 421, 503}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.other-requests-failed"],
)
def haproxy_host_with_port(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if (page.status or 500) < 400]
    if not pages:
        return
    for path, confidence, failures in _reports(evidence):
        haproxy = haproxy_view(evidence, path)
        if haproxy is None or haproxy.proxies.selection is None:
            continue
        other = backend_with_port(haproxy.proxies, replace(evidence.target, path=path))
        lines = lines_with_port(haproxy)
        if other is not None and other != haproxy.proxies.backend_name and lines:
            yield _claim(haproxy, path, confidence, (*failures, *pages), other, lines)
            return


def _reports(
    evidence: Evidence,
) -> Iterator[tuple[str, Confidence, tuple[FailedRequests, ...]]]:
    """Yield the paths at which a client that writes the port was refused, by HAProxy's log or by a
    person's message."""
    for failure in evidence.good(FailedRequests):
        if failure.server == "haproxy" and failure.wrote_port and failure.status in _STATUSES:
            yield failure.path, Confidence.LIKELY, (failure,)
    target, symptom = evidence.target, evidence.target.symptom
    if symptom is None or symptom.kind != "status" or symptom.number not in _STATUSES:
        return
    is_written = f"{target.host}:{target.port}" in symptom.text
    if is_written or symptom.number == 503:
        # How the client of the message writes the field, this run does not see.
        yield target.path, Confidence.LIKELY if is_written else Confidence.POSSIBLE, ()


def _claim(
    haproxy: HaproxyView,
    path: str,
    confidence: Confidence,
    answers: tuple[FailedRequests | Exchange, ...],
    other: str,
    lines: tuple[Line, ...],
) -> Claim:
    target = haproxy.view.evidence.target
    own = Subject(port=target.port)
    return Claim(
        about=own,
        covers=(own, Subject(port=target.port, path=path.partition("?")[0])),
        because=(*answers, haproxy.view.server),
        confidence=confidence,
        facts={
            **haproxy.view.facts,
            "host": f"{target.host}:{target.port}",
            "place": place(lines[0]),
            "backend": haproxy.proxies.backend_name,
            "other": other,
        },
        fix=_fix(haproxy),
    )


def _fix(haproxy: HaproxyView) -> Fix:
    edit = port_taken_off(haproxy)
    if edit is None:
        return manual_fix(haproxy.view, "without-port")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
