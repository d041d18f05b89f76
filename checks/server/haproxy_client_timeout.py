"""HAProxy ends the connections of visitors at once: `timeout client` is below a second. A number
without a unit is milliseconds (Configuration Manual, "Time format"): 60 is not a minute. So the TLS
handshake is cut, or the page does not come, at times or always.
"""

from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import haproxy_view, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig

#: Seconds: a timeout that nobody means for visitors.
_TINY = 1.0
_NOT_CONNECTED = {"refused", "unreachable", "resolve"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "certificate.*",
        "http.*",
        "server.haproxy-body-timeout",
        "server.own-answer",
        "server.request-timed-out",
        "tls.*",
        "websocket.*",
    ],
)
def haproxy_client_timeout(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    timeout = haproxy.proxies.frontend.timeout("client") if haproxy else None
    if haproxy is None or timeout is None or not 0 < timeout[0] < _TINY:
        return
    cut = [*_cut_handshakes(evidence), *_cut_pages(evidence)]
    if not cut:
        return
    number = timeout[1].words[2]
    is_bare = number.isdigit()
    written = f"{number}s" if is_bare else "60s"
    edit = replace(haproxy.view, timeout[1], f"timeout client {written}")
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port), Subject(port=80)),
        because=(*cut, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "setting": f"timeout client {number}",
            "bare": is_bare,
            "number": number,
            "written": written,
            "milliseconds": round(timeout[0] * 1000),
            "place": place(timeout[1]),
        },
        confidence=Confidence.LIKELY,
        fix=Fix(
            (*([edit] if edit else []), *reload_steps(haproxy.view.server)), Applicability.REVIEW
        ),
    )


def _cut_handshakes(evidence: Evidence) -> Iterator[Handshake]:
    for handshake in evidence.of(Handshake):
        is_cut = handshake.failure is not None and handshake.failure.kind in {"closed", "reset"}
        if handshake.port == evidence.target.port and handshake.is_browser_like and is_cut:
            yield handshake


def _cut_pages(evidence: Evidence) -> Iterator[Exchange]:
    """Yield the pages whose connection ended without an answer, or with HAProxy's 408."""
    for page in evidence.of(Exchange):
        is_own = page.port == evidence.target.port
        is_cut = page.failure is not None and page.failure.kind not in _NOT_CONNECTED
        if is_own and page.purpose == "target" and (is_cut or page.status == 408):
            yield page
