"""The address is longer than what HAProxy has room for: the request line and all fields have to fit
into `tune.bufsize` less `tune.maxrewrite` (Configuration Manual, section 3.2; 16384 and 1024 bytes
by default). HAProxy answers 400 over HTTP/1.1, logs `PR--` and `<BADREQ>`, and closes the stream
over HTTP/2. No application gets the request.

A message with HAProxy's own page that tells of large fields or cookies is answered too, if HAProxy
has no more room than by default: the visitor's fields are not known, so it is likely.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from checks.server._haproxy_buffer import BUFFER, buffer_edit, setting, sizes
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServer, WebServerConfig

#: Maximum number of bytes of this run's fields beside the address.
_FIELDS = 512

_REFUSALS = {400, 414}

#: HAProxy's own page, and what people say of fields that take much room.
_OWN_PAGE = re.compile(r"your browser sent an invalid request", re.I)
_LARGE_FIELDS = re.compile(
    r"(?:large|big|huge|long|many|size|too much)\b.{0,40}\b(?:header|cookie|field|token)"
    r"|\b(?:headers?|cookies?|fields?|tokens?)\b.{0,40}\b(?:large|big|huge|long|many|size|exceed)"
    r"|\btune\.bufsize\b|BADREQ.{0,40}header|\bPR--"
    r"|(?:请求头|cookies?|令牌).{0,10}(?:太大|过大|很大|过长|太长|太多)",
    re.I,
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.own-answer",
        "http.http2-broken",
        "http.server-error",
        "http.answer-says-why",
        "http.no-redirect",
    ],
)
def haproxy_request_too_large(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    config, size = haproxy.proxies.config, len(target.path)
    buffer, reserve = sizes(config)
    pages = [page for page in page_exchanges(evidence) if page.status]
    is_refused = bool(pages) and all(page.status in _REFUSALS for page in pages)
    if not buffer:
        return
    if is_refused and size + _FIELDS > buffer - reserve:
        yield _claim(haproxy, pages, buffer, reserve)
    elif pages and not is_refused and buffer <= BUFFER and _tells_large_fields(target.symptom):
        yield _claim(haproxy, pages, buffer, reserve, is_told=True)


def _tells_large_fields(symptom: Symptom | None) -> bool:
    if symptom is None or not _OWN_PAGE.search(symptom.text):
        return False
    return _LARGE_FIELDS.search(symptom.text) is not None


def _claim(
    haproxy: HaproxyView,
    pages: Sequence[Exchange],
    buffer: int,
    reserve: int,
    is_told: bool = False,
) -> Claim:
    view, target = haproxy.view, haproxy.view.evidence.target
    size, line = len(target.path), setting(haproxy.proxies.config, "tune.bufsize")
    ports = dict.fromkeys((target.port, *view.server.ports))
    own = target.path_without_query
    wanted = 2 * BUFFER if is_told else _buffer_size(size, reserve)
    return Claim(
        about=Subject(port=target.port, path=own),
        covers=tuple(Subject(port=port) for port in ports),
        because=(*pages, view.server, *((view.config,) if view.config else ())),
        # Below the limit the fields decide, whose size is not counted.
        confidence=Confidence.CERTAIN if size > buffer - reserve else Confidence.LIKELY,
        severity=Severity.WARNING if is_told else None,
        is_reported=is_told,
        facts={
            **view.facts,
            "path": own,
            "status": pages[0].status or "",
            "told": is_told,
            "size": size,
            "limit": buffer - reserve,
            "buffer": buffer,
            "reserve": reserve,
            "place": place(line) if line else "",
            "wanted": wanted,
        },
        fix=_fix(haproxy, wanted),
    )


def _buffer_size(size: int, reserve: int) -> int:
    """Return the next power of two that has room for the address, and for large cookies."""
    return 1 << (size + reserve + 8192 - 1).bit_length()


def _fix(haproxy: HaproxyView, wanted: int) -> Fix:
    edit = buffer_edit(haproxy, wanted)
    if edit is None:
        return manual_fix(haproxy.view, "send-it-in-the-body")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
