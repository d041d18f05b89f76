"""HAProxy has as many connections as it may ("maxconn"): further ones wait in the kernel's queue
until another ends, and get no answer (Configuration Manual, "maxconn")."""

from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.haproxy import ConnectionCount, HaproxyStatus
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyStatus],
    explains=[
        "server.application-answers",
        "tcp.accept-queue-full",
        "tcp.timeout",
        "tls.stalled",
        "http.server-error",
    ],
)
def haproxy_connections_full(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence)
    count = _full(haproxy) if haproxy else None
    if haproxy is None or haproxy.status is None or count is None:
        return
    port = evidence.target.port
    # With a certificate the connection was taken, whatever is wrong with it.
    waiting = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == port
        and handshake.is_browser_like
        and handshake.failure
        and not handshake.chain
    ]
    if evidence.target.uses_tls and not waiting:
        return
    line = _limit_line(haproxy, count)
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(),),
        because=(haproxy.status, *waiting),
        facts={
            **haproxy.view.facts,
            "current": count.current,
            "limit": count.limit,
            "frontend": count.name,
            "place": place(line) if line else "",
        },
        fix=Fix(
            (Manual("raise", Where.SERVER), *reload_steps(haproxy.view.server)),
            Applicability.MANUAL,
        ),
    )


def _full(haproxy: HaproxyView) -> ConnectionCount | None:
    """Return the limit that is reached: the whole process's, or the frontend's."""
    names = ("", haproxy.proxies.frontend.name)
    counts = haproxy.status.counts if haproxy.status else ()
    return next((count for count in counts if count.name in names and count.is_full), None)


def _limit_line(haproxy: HaproxyView, count: ConnectionCount) -> Line | None:
    if count.name:
        return haproxy.proxies.frontend.setting("maxconn")
    return next(iter(haproxy.proxies.config.global_lines("maxconn")), None)
