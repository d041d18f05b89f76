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
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Configuration, Line

#: Bytes, HAProxy's defaults.
_BUFFER, _RESERVE = 16384, 1024

#: Maximum number of bytes of this run's fields beside the address.
_FIELDS = 512

#: Bytes. Each connection has such buffers: a larger one costs too much memory.
_LARGEST = 1 << 18

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
    buffer, reserve = _sizes(config)
    pages = [page for page in page_exchanges(evidence) if page.status]
    is_refused = bool(pages) and all(page.status in _REFUSALS for page in pages)
    if not buffer:
        return
    if is_refused and size + _FIELDS > buffer - reserve:
        yield _claim(haproxy, pages, buffer, reserve)
    elif pages and not is_refused and buffer <= _BUFFER and _tells_large_fields(target.symptom):
        yield _claim(haproxy, pages, buffer, reserve, told=True)


def _tells_large_fields(symptom: Symptom | None) -> bool:
    if symptom is None or not _OWN_PAGE.search(symptom.text):
        return False
    return _LARGE_FIELDS.search(symptom.text) is not None


def _claim(
    haproxy: HaproxyView,
    pages: Sequence[Exchange],
    buffer: int,
    reserve: int,
    told: bool = False,
) -> Claim:
    view, target = haproxy.view, haproxy.view.evidence.target
    size, line = len(target.path), _setting(haproxy.proxies.config, "tune.bufsize")
    ports = dict.fromkeys((target.port, *view.server.ports))
    own = target.path.partition("?")[0]
    wanted = 2 * _BUFFER if told else _buffer_size(size, reserve)
    return Claim(
        about=Subject(port=target.port, path=own),
        covers=tuple(Subject(port=port) for port in ports),
        because=(*pages, view.server, *((view.config,) if view.config else ())),
        # Below the limit the fields decide, whose size is not counted.
        confidence=Confidence.CERTAIN if size > buffer - reserve else Confidence.LIKELY,
        severity=Severity.WARNING if told else None,
        is_reported=told,
        facts={
            **view.facts,
            "path": own,
            "status": pages[0].status or "",
            "told": told,
            "size": size,
            "limit": buffer - reserve,
            "buffer": buffer,
            "reserve": reserve,
            "place": place(line) if line else "",
            "wanted": wanted,
        },
        fix=_fix(haproxy, line, wanted),
    )


def _setting(config: Configuration, name: str) -> Line | None:
    return next(reversed(config.global_lines(name)), None)


def _sizes(config: Configuration) -> tuple[int, int]:
    """Return the bytes of the buffer, 0 if its line cannot be read, and of its reserve."""
    buffer_line, reserve_line = (
        _setting(config, name) for name in ("tune.bufsize", "tune.maxrewrite")
    )
    buffer = _bytes(buffer_line) if buffer_line else _BUFFER
    reserve = _bytes(reserve_line) if reserve_line else _RESERVE
    # A reserve of more than half the buffer is cut to that.
    return buffer, min(reserve, buffer // 2)


def _bytes(line: Line) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([kKmM]?)", line.words[1] if len(line.words) > 1 else "")
    return int(match[1]) << {"": 0, "k": 10, "m": 20}[match[2].lower()] if match else 0


def _buffer_size(size: int, reserve: int) -> int:
    """Return the next power of two that has room for the address, and for large cookies."""
    return 1 << (size + reserve + 8192 - 1).bit_length()


def _fix(haproxy: HaproxyView, line: Line | None, wanted: int) -> Fix:
    sections = haproxy.proxies.config.sections
    section = next((section for section in sections if section.kind == "global"), None)
    edit, text = None, f"tune.bufsize {wanted}"
    if line is not None:
        edit = replace(haproxy.view, line, text)
    elif section is not None:
        place_of_section = Line((section.kind,), section.file, section.line)
        edit = insert_after(haproxy.view, place_of_section, text)
    if edit is None or wanted > _LARGEST:
        return manual_fix(haproxy.view, "send-it-in-the-body")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
