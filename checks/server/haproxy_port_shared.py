"""Two frontends of HAProxy bind the same address and port. HAProxy opens both sockets
(SO_REUSEPORT), and the kernel gives each new connection to one of them: so the rules of the one or
of the other decide, by chance. "haproxy -c" has no word about it.
"""

from collections.abc import Iterator

from checks.server import manual_fix
from checks.server._haproxy import haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy

#: Words of a bind line that limit its socket to a part of the connections.
_LIMITS = {"interface", "namespace", "netns"}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.haproxy-no-backend",
        "server.redirect-missing",
        "server.application-answers",
        "certificate.name-mismatch",
        "certificate.self-signed",
        "certificate.untrusted-root",
        "http.host-refused",
        "http.no-redirect",
        "http.page-refused",
        "http.redirect-to-error",
        "http.redirect-wrong-host",
        "http.server-error",
        "upstream.none-live",
        "upstream.other-application",
    ],
)
def haproxy_port_shared(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or haproxy.view.config is None:
        return
    for port in dict.fromkeys((target.port, 80 if target.port == 443 else target.port)):
        shared = _shared(haproxy.proxies.config, port)
        if shared is None:
            continue
        (first, first_line), (second, second_line) = shared
        failed = [
            exchange
            for exchange in evidence.of(Exchange)
            if exchange.port == port and (exchange.failure or (exchange.status or 0) >= 500)
        ]
        yield Claim(
            about=Subject(port=port, text=first.name),
            covers=(Subject(port=port),),
            because=(haproxy.view.config, haproxy.view.server, *failed),
            facts={
                **haproxy.view.facts,
                "bind_port": port,
                "first": first.name,
                "first_place": place(first_line),
                "second": second.name,
                "second_place": place(second_line),
                "scheme": "http" if port == 80 else "https",
            },
            severity=Severity.ERROR if failed and port == target.port else None,
            fix=manual_fix(haproxy.view, "merge"),
        )


def _shared(
    config: Configuration, port: int
) -> tuple[tuple[Proxy, Line], tuple[Proxy, Line]] | None:
    """Return the first two frontends with one socket, each with its bind line."""
    owners: dict[str, tuple[Proxy, Line]] = {}
    for frontend in config.frontends:
        for socket, line in sockets_of(frontend):
            if socket.port != port or _LIMITS & set(line.words):
                continue
            owner = owners.setdefault(socket.address, (frontend, line))
            if owner[0] is not frontend:
                return owner, (frontend, line)
    return None
