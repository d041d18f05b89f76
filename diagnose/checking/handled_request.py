"""How the web server handles a request for the target, by its configuration: what a person reads
first where no finding answers a message. Pure.

https://nginx.org/en/docs/http/request_processing.html. It is told only where one answer is
possible: one server block on all addresses, and no rule that cannot be computed.
"""

import re
from dataclasses import replace

from diagnose.model import Evidence
from diagnose.model.dns import Resolution
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxBuild, NginxConfig, NginxTest
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.nginx.answers import answer_of
from diagnose.parsers.nginx.forwarding import speaks_http_1_1
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD, has_unknown_value, proxied_request
from diagnose.parsers.nginx.server_blocks import Server, answering_servers
from diagnose.parsers.nginx.upstreams import (
    pass_directive_of,
    proxy_target_of,
    route_variables,
)
from diagnose.parsers.web_sites import answering_sites, inner_path, routes_of_name

#: Lines of Apache, Caddy and HAProxy that change a path, redirect, or ask for a password.
_CHANGES = re.compile(
    r"\s{0,40}(?:RewriteRule|AuthType|AuthUserFile|rewrite|basicauth|basic_auth|uri\s+(?!strip_prefix)"
    r"|http-request\s+(?:auth|redirect|return|set-(?:path|pathq|uri)|replace-(?:path|pathq|uri)))\b",
    re.IGNORECASE,
)
_PROXIES = re.compile(r"\[(?:[^\]]*,)?\s{0,9}P\s{0,9}[,\]]")
#: Maximum number of characters of a directive that are shown: a `return` may hold a whole page.
_MAX_LINE = 120


@frozen
class HandledRequest:
    """How the web server handles a GET for the target.

    `server` is its name. `block` is nginx's location as it is written ("location /api/"), or
    "server" where no location takes the path; `place` is its "file:line". `directive` is the line
    that answers ("proxy_pass http://127.0.0.1:3000/", "return 403", "root /var/www"), "" for none.
    Of another server `block` is "", `place` that of the line which passes the path on, and
    `directive` the address to which it does.

    `request` is the first line of what an application gets by HTTP, with its Host and nginx's
    X-Forwarded-Proto, () where it gets nothing or nobody knows what. `file` is the file that nginx
    looks for first, "" for none.
    """

    server: str
    block: str
    place: str
    directive: str
    request: tuple[str, ...] = ()
    file: str = ""


def handled_request(evidence: Evidence) -> HandledRequest | None:
    """Return how the web server handles the target; None if it is not known."""
    target = evidence.target
    path = (target.websockets or (target.path,))[0]
    return _by_nginx(evidence, path) or _by_another(evidence, path)


def _by_nginx(evidence: Evidence, path: str) -> HandledRequest | None:
    server = answering_server(evidence)
    if server is None:
        return None
    answer = answer_of(server, path)
    if answer is None:
        return None
    block = answer.location.block
    return HandledRequest(
        "nginx",
        block.text,
        f"{block.file}:{block.line}",
        _line(answer.directive) if answer.directive else "",
        _request(evidence, answer.location, answer.path) if answer.passes else (),
        answer.file,
    )


def _by_another(evidence: Evidence, path: str) -> HandledRequest | None:
    """Return how Apache, Caddy, HAProxy or Traefik passes a path on; None if it does not, or if
    sites on several addresses do so in different ways."""
    target, (bare_path, mark, query) = evidence.target, path.partition("?")
    products = {
        server.product: server.title
        for server in evidence.good(WebServer)
        if target.port in server.ports and not server.foreign
    }
    for config in evidence.good(WebServerConfig):
        if config.product not in products:
            continue
        if config.rules or "//" in bare_path or _may_be_changed(config, target.port, target.host):
            return None
        is_websocket = bool(target.websockets)
        routes = routes_of_name(config, target.port, target.host, bare_path, is_websocket)
        if len(routes) != 1 or not (routes[0].host or routes[0].socket):
            return None
        (route,) = routes
        host = target.host if route.keeps_host else route.replacement_host
        inner = _as_passed(config, route, f"{inner_path(route, bare_path)}{mark}{query}")
        place = f"{route.file}:{route.line}" if route.line else route.file
        request = (f"GET {inner} HTTP/1.1", f"Host: {host}") if inner else ()
        return HandledRequest(products[config.product], "", place, route.target, request)
    return None


def _as_passed(config: WebServerConfig, route: SiteRoute, path: str) -> str:
    """Return a path as the server spells it for the application; "" if that is not known."""
    if config.product != "apache":
        return path
    # Imported late: few runs tell what an application gets by Apache.
    from diagnose.parsers.apache.spelled_paths import spelling_of_route

    return spelling_of_route(config, route, path)


def _may_be_changed(config: WebServerConfig, port: int, host: str) -> bool:
    """Return whether a line of the site may ask who a visitor is, or lead a request elsewhere than
    its routes say. RewriteRule [P] is a route."""
    for site in answering_sites(config, port, host):
        file = config.file(site.file)
        lines = file.text.split("\n") if file else []
        own = lines[site.line - 1 : site.end] if site.line and site.end else lines
        if site.guards or any(_CHANGES.match(line) and not _PROXIES.search(line) for line in own):
            return True
    return False


def answering_server(evidence: Evidence) -> Server | None:
    """Return the server block that answers the target on all addresses that visitors may reach;
    None if there are several, or if nginx refuses the configuration."""
    config = next(iter(evidence.good(NginxConfig)), None)
    is_refused = any(not test.passed for test in evidence.good(NginxTest))
    if config is None or is_refused:
        return None
    target = evidence.target
    addresses = [
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    ]
    answering = answering_servers(config.main, target.host, target.port, addresses)
    selected = {id(server.block): server for _, server in answering}
    return next(iter(selected.values())) if len(selected) == 1 else None


def _request(evidence: Evidence, location: LocationMatch, path: str) -> tuple[str, ...]:
    """Return what the application gets: the first line, Host and X-Forwarded-Proto. `path` is the
    one that the location has."""
    target = evidence.target
    directive = pass_directive_of(location)
    if directive and "$request_uri" not in directive.args[0]:
        target = replace(target, path=path)
    proxy_target = proxy_target_of(location, route_variables(target, location, path))
    if proxy_target is None or not proxy_target.speaks_http:
        return ()
    version = "1.1" if speaks_http_1_1(location, evidence.good(NginxBuild)) else "1.0"
    request = proxied_request(location, proxy_target, target, version, {})
    if request is None:
        return ()
    if has_unknown_value(location, request, SCHEME_FIELD):
        return ()
    fields = ((name, request.field(name)) for name in ("Host", SCHEME_FIELD))
    return (request.lines()[0], *(f"{name}: {text}" for name, text in fields if text))


def _line(directive: Directive) -> str:
    line = directive.text
    return line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…"
