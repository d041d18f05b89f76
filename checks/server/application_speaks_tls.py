"""The site passes requests on in plain HTTP to an application that wants TLS. Its answer
says so."""

from collections.abc import Iterator

from checks.server import manual_fix, place_text, server_view
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.http import wants_tls
from diagnose.parsers.web_sites import route_of


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.application-answers", "http.plain-to-tls-port", "websocket.*"],
)
def application_speaks_tls(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or target.port not in view.server.ports:
        return
    answers = [
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "target"
        and exchange.port == target.port
        and exchange.url.startswith("https:")
        and exchange.failure is None
        and wants_tls(exchange)
    ]
    routes = [route_of(site, target.path.partition("?")[0]) for site in view.answering_sites]
    route = next(
        (route for route in routes if route and route.scheme == "http" and route.target), None
    )
    if not answers or route is None or None in routes:
        return
    endpoint = route.target.partition("://")[2]
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(view.server, view.config, *answers),
        facts={
            **view.facts,
            "target": endpoint,
            "place": place_text(route.file, route.line),
            "caddy": view.server.product == "caddy",
            "apache": view.server.product == "apache",
            "haproxy": view.server.product == "haproxy",
        },
        fix=manual_fix(view, "use-tls"),
    )
