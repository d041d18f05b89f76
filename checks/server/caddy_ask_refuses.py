"""Caddy gets certificates on demand, and asks a URL first whether a name may have one (`ask` of
`on_demand_tls`). If that answers with anything but 200, or not at all, the handshake ends with the
alert internal_error (80), and no authority is asked.
"""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, manual_fix, place_text, server_view
from checks.server.site_missing import INTERNAL_ERROR
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig

_ASK = re.compile(r"^\s*ask\s+(\S{1,500})")
#: Caddy's log: "certificate is not allowed for server name …: decision func: …".
_REFUSED = re.compile(r"decision func|not allowed|on[- ]demand", re.IGNORECASE)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake],
    explains=["server.certificate-not-issued", "tls.handshake-failed", "tls.name-rejected"],
)
def caddy_ask_refuses(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "caddy":
        return
    ask = _ask(view, view.config)
    handshakes = [
        handshake for handshake in evidence.of(Handshake) if handshake.port == target.port
    ]
    rejected = [
        handshake
        for handshake in handshakes
        if handshake.alert and handshake.alert.code == INTERNAL_ERROR
    ]
    if ask is None or not rejected or any(handshake.failure is None for handshake in handshakes):
        return
    path, number, url = ask
    message = view.config.complaint
    is_logged = bool(_REFUSED.search(message))
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port),),
        because=(view.server, view.config, *rejected),
        confidence=Confidence.CERTAIN if is_logged else Confidence.LIKELY,
        facts={
            **view.facts,
            "ask": url,
            "place": place_text(path, number),
            "message": message if is_logged else "",
            "unit": view.server.unit,
        },
        fix=manual_fix(view, "allow"),
    )


def _ask(view: ServerView, config: WebServerConfig) -> tuple[str, int, str] | None:
    """Return file, line and URL of `ask`, if a site gets certificates on demand."""
    if not any(re.search(r"^\s*on_demand\b", file.text, re.MULTILINE) for file in config.files):
        return None
    for file in config.files:
        for number, line in enumerate(file_rows(view, file), 1):
            if match := _ASK.match(line):
                return file.path, number, match[1]
    return None
