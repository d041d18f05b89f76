"""HAProxy ends a slow upload with 408: with `option http-buffer-request` it waits for the body
before it passes a request on, and `timeout http-request` counts for the body too; without that line
`timeout client` does (Configuration Manual, "option http-buffer-request", "timeout http-request").
Without the option `timeout http-request` counts for the header alone.

The log has 408 for an upload whose sender was served afterwards, or a pasted message says 408. An
application may answer 408 as well, so this is likely.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.stalled_uploads import TIMED_OUT, is_reported

#: Seconds that a phone on a bad line needs, and below which a limit is blamed.
_LONG, _SHORT = 300, 120
_OPTION = "http-buffer-request"


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.other-requests-failed"],
)
def haproxy_body_timeout(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return
    stalled = current_failures(evidence, {TIMED_OUT}, "haproxy")
    limit = _limit(haproxy)
    if limit is None or not (stalled or is_reported(evidence.target.symptom)):
        return
    option, name, value, line = limit
    path = stalled[0].path if stalled else evidence.target.path_without_query
    config = haproxy.view.config
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        because=(
            *(stalled[:1] or page_exchanges(evidence)[:1]),
            *((config,) if config else ()),
            haproxy.view.server,
        ),
        confidence=Confidence.LIKELY,
        facts={
            **haproxy.view.facts,
            "url": evidence.target.origin + path,
            "method": stalled[0].method if stalled else "",
            "log": stalled[0].file if stalled else "",
            "last": stalled[0].written if stalled else "",
            "option_place": place(option),
            "limit": f"timeout {name} {value}",
            "place": place(line),
        },
        fix=_fix(haproxy, line),
    )


def _limit(haproxy: HaproxyView) -> tuple[Line, str, str, Line] | None:
    """Return the line of the option, and the timeout that counts for the body: its name, its value
    and its line; None where HAProxy does not wait for bodies, or waits for long."""
    frontend, backend = haproxy.proxies.frontend, haproxy.proxies.backend
    option = frontend.option(_OPTION) or (backend.option(_OPTION) if backend else None)
    for name in ("http-request", "client") if option else ():
        timeout = frontend.timeout(name)
        if timeout is None:
            continue
        is_short = option is not None and 0 < timeout[0] < _SHORT
        return (option, name, timeout[1].words[2], timeout[1]) if option and is_short else None
    return None


def _fix(haproxy: HaproxyView, line: Line) -> Fix:
    """Give the requests of this frontend more time: others may rely on the line of the defaults."""
    frontend, text = haproxy.proxies.frontend, f"timeout http-request {_LONG}s"
    if line in frontend.lines and line.words[1] == "http-request":
        edit = replace(haproxy.view, line, text)
    else:
        section = frontend.section
        head = Line((section.kind, section.name), section.file, section.line)
        edit = insert_after(haproxy.view, head, text)
    if edit is None:
        return manual_fix(haproxy.view, "wait-longer")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
