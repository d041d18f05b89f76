"""HAProxy refuses the application's response, because it is not valid HTTP, and answers 502: its
statistics keep the last such response ("show errors", Management Guide, section 9.3; the log says
"PH"). curl and browsers often take it, so that the application seems to work when it is asked
directly. A server that speaks HTTP/2 alone, as those of gRPC do, begins with a SETTINGS frame (RFC
9113 section 3.4): HAProxy speaks HTTP/1.1 to it without `proto h2`.

A header that does not fit into the buffer (`tune.bufsize` less `tune.maxrewrite`) is refused in the
same way: the application's own answer has so many bytes."""

import re
from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view
from checks.server._haproxy_buffer import buffer_edit, sizes
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.backends import BackendVisit
from diagnose.model.haproxy import HaproxyStatus
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig

#: The head of a SETTINGS frame on stream 0 (RFC 9113 sections 4.1 and 6.5), as "show errors" writes
#: it. Its length is no more than 255.
_SETTINGS = re.compile(
    r"(?:\\x00){2}(?:\\x[0-9a-f]{2}|\\[trn]|[^\\])\\x04(?:\\x00){5}", re.IGNORECASE
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyStatus, Exchange],
    explains=["server.application-answers", "server.application-silent", "http.server-error"],
)
def haproxy_invalid_response(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    invalid = haproxy.status.invalid if haproxy and haproxy.status else None
    if haproxy is None or backend is None or invalid is None or invalid.backend != backend.name:
        return
    pages = [page for page in page_exchanges(evidence) if page.status == 502]
    if pages and haproxy.status:
        is_http2 = _SETTINGS.match(invalid.line) is not None
        large = None if is_http2 else _large_answer(haproxy)
        buffer, reserve = sizes(haproxy.proxies.config)
        yield Claim(
            about=Subject(port=port, text=backend.name),
            covers=(Subject(port=port),),
            because=(haproxy.status, *((large,) if large else ()), *pages),
            facts={
                **haproxy.view.facts,
                "backend": backend.name,
                "application": invalid.server,
                "line": "" if is_http2 or large else invalid.line,
                "http2": is_http2,
                "invalid": not is_http2 and large is None,
                "size": large.head_bytes if large else "",
                "limit": buffer - reserve,
                "buffer": buffer,
                "reserve": reserve,
            },
            ruled_out=("server.application-down",),
            fix=_larger_buffer(haproxy, large) if large else _by_hand(is_http2),
        )


def _large_answer(haproxy: HaproxyView) -> BackendVisit | None:
    """Return the application's own answer to the page, if its header does not fit into HAProxy's
    buffer: what stands at the end of the buffer is then half a line."""
    buffer, reserve = sizes(haproxy.proxies.config)
    path = haproxy.view.evidence.target.path_without_query
    visits = haproxy.view.evidence.good(BackendVisit)
    return next(
        (
            visit
            for visit in visits
            if visit.requested == path and visit.status and not visit.websocket
            if buffer and visit.head_bytes > buffer - reserve
        ),
        None,
    )


def _larger_buffer(haproxy: HaproxyView, large: BackendVisit) -> Fix:
    _, reserve = sizes(haproxy.proxies.config)
    edit = buffer_edit(haproxy, 1 << (large.head_bytes + reserve + 4096 - 1).bit_length())
    if edit is None:
        return _by_hand(False, "send-less")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _by_hand(is_http2: bool, step: str = "mend-the-response") -> Fix:
    manual = Manual("speak-http2", Where.SERVER) if is_http2 else Manual(step, Where.APPLICATION)
    return Fix((manual,), Applicability.MANUAL)
