"""A server ends TLS and passes requests on in plain HTTP to another one on this machine, which
redirects what comes without TLS to https: the visitor is there already, and comes back for ever."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._backend_answers import answer_with, route_to_application
from checks.server._scheme_conditions import heeding_edit
from checks.upstream._comparisons import proxied_match
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.web_servers import SiteRedirect, WebServer, WebServerConfig
from diagnose.parsers.nginx.locations import proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.redirects import REDIRECTS, redirect_target
from diagnose.parsers.urls import normalize_url
from diagnose.parsers.web_sites import answering_sites, redirect_of

#: The servers that may end TLS, each with words of its own on the page.
_FRONTS = ("nginx", "apache", "caddy", "haproxy", "traefik")


#: The lines of a server that ends TLS by which it sends the scheme.
_SENT = {
    "haproxy": re.compile(
        r"(?mi)^[ \t]*http-request[ \t]+(?:set|add)-header[ \t]+X-Forwarded-Proto[ \t]+https\b"
    ),
    "apache": re.compile(
        r"(?mi)^[ \t]*RequestHeader[ \t]+set[ \t]+X-Forwarded-Proto[ \t]+\"?https\b"
    ),
}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.forces-https",
        "server.redirect-loop",
        "http.redirect-loop",
        "upstream.forces-https",
        "upstream.scheme-not-passed",
        "websocket.redirected",
    ],
)
def redirect_behind_terminator(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = [exchange for exchange in evidence.good(Exchange) if exchange.is_page_of(target)]
    if not target.uses_tls or not pages:
        return
    if any(redirect_target(page) != normalize_url(page.url) for page in pages):
        return
    ports, front = _inner_ports(evidence)
    for server in evidence.good(WebServer):
        inner_ports = sorted(ports & set(server.ports))
        if server.foreign or target.port in server.ports or not inner_ports:
            continue
        redirect = _redirect(evidence, server, inner_ports[0])
        if redirect is not None:
            yield Claim(
                about=Subject(port=target.port, path=target.path),
                covers=(Subject(port=target.port), Subject(port=80)),
                because=(server, *evidence.good(WebServerConfig), *pages),
                facts={
                    "server": server.title,
                    "front": front.server.title if front else "nginx",
                    **{f"front_{name}": False for name in _FRONTS},
                    f"front_{front.server.product if front else 'nginx'}": True,
                    "name": target.host,
                    "behind": inner_ports[0],
                    "place": place_text(redirect.file, redirect.line),
                    server.product: True,
                },
                fix=_fix(evidence, server, redirect, front),
            )
            return


def _fix(
    evidence: Evidence, server: WebServer, redirect: SiteRedirect, front: ServerView | None
) -> Fix:
    """The redirect asks for the field, if the front is known to send it; that of Caddy goes."""
    config = next((c for c in evidence.good(WebServerConfig) if c.product == server.product), None)
    own = ServerView(evidence, server, config, None)
    # Caddy does not ask for the field: its own redirect goes.
    is_asked = server.product != "caddy"
    edit = heeding_edit(own, redirect) if not is_asked or _sends_scheme(evidence, front) else None
    if edit is None:
        return Fix((Manual("ask-the-header", Where.SERVER),), Applicability.MANUAL)
    # Apache reads an .htaccess for each request.
    is_read_anew = redirect.file.endswith("/.htaccess")
    return Fix((edit, *(() if is_read_anew else reload_steps(server))), Applicability.REVIEW)


def _sends_scheme(evidence: Evidence, front: ServerView | None) -> bool:
    """Return whether the server that ends TLS says in X-Forwarded-Proto that visitors use https."""
    if front is not None:
        pattern = _SENT.get(front.server.product)
        files = front.config.files if front.config else ()
        is_written = any(pattern.search(file.text) for file in files) if pattern else False
        return is_written or front.server.product in {"caddy", "traefik"}
    nginx, target = Nginx.of(evidence), evidence.target
    matches = [proxied_match(nginx, path) for path in (target.path, *target.websockets)]
    fields = [proxy_set_header_of(match, SCHEME_FIELD) if match else None for match in matches]
    return all(field and field.args[1:] in (("$scheme",), ("https",)) for field in fields)


def _inner_ports(evidence: Evidence) -> tuple[set[int], ServerView | None]:
    """Return the ports of this machine to which the page is passed on in plain HTTP, and the view
    of the server that does so; None for nginx."""
    view = server_on_port(evidence)
    if view is None:
        attempts = evidence.of(UpstreamTry)
        return {attempt.port for attempt in attempts if is_local_host(attempt.host)}, None
    route, host = route_to_application(view), evidence.target.authority
    if route is None or route.scheme != "http" or not is_local_host(route.host):
        return set(), view
    # Asked with the header of a proxy, it redirects all the same.
    answer = answer_with(evidence, route, host, "https")
    is_redirect = answer is not None and answer.status in REDIRECTS
    return {route.port} if is_redirect else set(), view


def _redirect(evidence: Evidence, server: WebServer, port: int) -> SiteRedirect | None:
    """Return the redirect to https of every site that answers the name on this port."""
    target = evidence.target
    config = next(
        (config for config in evidence.good(WebServerConfig) if config.product == server.product),
        None,
    )
    sites = answering_sites(config, port, target.host) if config else ()
    redirects = [redirect_of(site, target.path) for site in sites]
    plain = not any(s.tls for site in sites for s in site.sockets if s.port == port)
    leads = all(
        redirect is not None and redirect.target.startswith("https://") for redirect in redirects
    )
    return redirects[0] if redirects and plain and leads else None
