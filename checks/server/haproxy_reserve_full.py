"""HAProxy adds fields to a request or a response, and they do not fit into the part of its buffer
that is kept for them (Configuration Manual, "tune.maxrewrite": 1024 bytes by default). The rest of
the buffer has what came: small answers succeed, and large ones get 500 of HAProxy itself ("IH" and
"PH" in its log). Its statistics count it ("wrew", Management Guide, section 9.1).

The application, asked directly, answers the same page well.
"""

import re
from collections.abc import Iterator

from checks.server import manual_fix, place_text, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view
from checks.server._haproxy_buffer import reserve_edit, sizes
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line

#: A whole certificate, whose size the line does not show.
_CERTIFICATE = re.compile(r"%\[[^\]]{0,40}ssl_[cf]_(?:chain_)?der\b")
_CERTIFICATE_BYTES = 2000


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit, Exchange],
    explains=["server.application-answers", "http.server-error", "http.page-file-missing"],
)
def haproxy_reserve_full(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence)
    pages = page_exchanges(evidence)
    if haproxy is None or not pages or any(page.status != 500 for page in pages):
        return
    path = evidence.target.path_without_query
    visits = [
        visit
        for visit in evidence.good(BackendVisit)
        if visit.requested == path and visit.succeeded and not visit.websocket
    ]
    buffer, reserve = sizes(haproxy.proxies.config)
    longest = max(_added(haproxy), key=_total, default=[])
    if visits and buffer and _total(longest) > reserve:
        yield _claim(haproxy, path, longest, [visits[0], *pages])


def _added(haproxy: HaproxyView) -> Iterator[list[Line]]:
    """Yield the lines that add fields to the target's requests, and those that add fields to its
    responses."""
    proxies = [proxy for proxy in (haproxy.proxies.frontend, haproxy.proxies.backend) if proxy]
    sections = {
        (section.file, section.line): section
        for proxy in proxies
        for section in (proxy.section, *proxy.defaults)
    }
    lines = [line for section in sections.values() for line in section.lines]
    for keyword in ("http-request", "http-response"):
        yield [
            line
            for line in lines
            if line.keyword == keyword and len(line.words) > 3
            if line.words[1] in {"set-header", "add-header"}
        ]


def _size(line: Line) -> int:
    name, value = line.words[2:4]
    # A name and its value stand beside each other in the buffer.
    return len(name) + (_CERTIFICATE_BYTES if _CERTIFICATE.search(value) else len(value))


def _total(lines: list[Line]) -> int:
    return sum(map(_size, lines))


def _claim(
    haproxy: HaproxyView, path: str, lines: list[Line], seen: list[BackendVisit | Exchange]
) -> Claim:
    view, status, port = haproxy.view, haproxy.status, haproxy.view.evidence.target.port
    buffer, reserve = sizes(haproxy.proxies.config)
    backend = haproxy.proxies.backend
    own = {haproxy.proxies.frontend.name, *([backend.name] if backend else [])}
    is_counted = status is not None and not own.isdisjoint(status.failed_rewrites)
    largest = max(lines, key=_size)
    wanted = 1 << (_total(lines) + 1024 - 1).bit_length()
    return Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port),),
        because=(*([status] if status and is_counted else []), *seen, view.server),
        # The counter is HAProxy's own word for it.
        confidence=Confidence.CERTAIN if is_counted else Confidence.LIKELY,
        facts={
            **view.facts,
            "path": path,
            "field": largest.words[2],
            "place": place_text(largest.file, largest.number),
            "request": largest.keyword == "http-request",
            "size": _total(lines),
            "reserve": reserve,
            "wanted": wanted,
            "counted": is_counted,
        },
        ruled_out=("server.application-down",),
        fix=_fix(haproxy, wanted, buffer),
    )


def _fix(haproxy: HaproxyView, wanted: int, buffer: int) -> Fix:
    # HAProxy cuts the reserve to half the buffer.
    edit = reserve_edit(haproxy, wanted) if 2 * wanted <= buffer else None
    if edit is None:
        return manual_fix(haproxy.view, "make-room")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
