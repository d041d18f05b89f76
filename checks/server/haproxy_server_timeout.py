"""HAProxy answers 504: the application got the request and did not answer within `timeout server`
(log: "sH--")."""

from collections.abc import Iterator

from checks.server import manual_fix, pages_with_status, place_text
from checks.server._haproxy import haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.application-silent",
        "http.server-error",
        "websocket.*",
    ],
)
def haproxy_server_timeout(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    pages = pages_with_status(evidence, 504)
    if haproxy is None or backend is None or not pages:
        return
    page_tries = haproxy.tries_for("page")
    if any(attempt.status == 504 for attempt in page_tries):  # the application's own answer
        return
    line = backend.setting("timeout", "server")
    silent = [attempt for attempt in page_tries if _is_silent(attempt)]
    first = next(iter(silent or page_tries), None)
    server = haproxy.proxies.selection.line if haproxy.proxies.selection else None
    yield Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port),),
        because=(*pages, *page_tries, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "backend": backend.name,
            "timeout": " ".join(line.words[2:3]) if line else "",
            "place": place(line) if line else "",
            "rule": place_text(server.file, server.number) if server else "",
            "application": f"{first.address}:{first.port}" if first else "",
            "silent": bool(silent),
            "seconds": round(first.took, 1) if first else 0,
            "path": evidence.target.path,
        },
        confidence=Confidence.CERTAIN if silent else Confidence.LIKELY,
        ruled_out=("server.application-down",),
        fix=manual_fix(haproxy.view, "find-the-delay"),
    )


def _is_silent(attempt: HaproxyTry) -> bool:
    """Return whether the application took the request and gave no answer."""
    return attempt.failure is not None and attempt.failure.kind == "timeout"
