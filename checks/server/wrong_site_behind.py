"""nginx passes the page on to a web server on the same machine, and no site of that server has the
name at this port: another one refuses the page. The site with the name is there, on another port or
not enabled."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.server import (
    ServerView,
    enabling_command,
    line_edit,
    line_text,
    place_text,
    reload_steps,
)
from checks.server.wrong_site import REFUSALS
from checks.upstream._containers import is_server_host
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.web_sites import has_name


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, NginxConfig, Exchange],
    explains=[
        "upstream.own-answer",
        "upstream.wrong-path",
        "http.answer-says-why",
        "http.not-the-site",
        "http.server-error",
        "websocket.*",
    ],
)
def wrong_site_behind(evidence: Evidence) -> Iterator[Claim]:
    target, pages = evidence.target, page_exchanges(evidence)
    if not pages or not all(map(_is_no_site, pages)):
        return
    passed_request = _passed_request(Nginx.of(evidence))
    inner = _inner_site(evidence, passed_request) if passed_request else None
    if passed_request is None or inner is None:
        return
    edit = _port_edit(evidence, inner, passed_request.port)
    yield Claim(
        about=Subject(port=target.port, path=target.path_without_query),
        covers=(Subject(port=target.port),),
        because=(*pages, inner.server, inner.config),
        facts={
            "server": inner.server.title,
            "name": passed_request.host,
            "port": passed_request.port,
            "status": pages[0].status or "",
            "place": place_text(inner.site.file, inner.site.line),
            "site_ports": tuple(sorted({socket.port for socket in inner.site.sockets})),
            "idle": inner.is_idle,
            "moved": edit is not None,
            "apache": inner.server.product == "apache",
            "proxy_pass": passed_request.url,
        },
        fix=_fix(inner, edit),
    )


def _is_no_site(page: Exchange) -> bool:
    """Return whether a web server itself refuses the page, or shows that of its package."""
    is_refused = page.status in REFUSALS and proxy_page(page.body) not in {"", "nginx"}
    return is_refused or is_default_page(page.status, page.body)


@frozen
class _PassedRequest:
    """How nginx passes the page on: to which URL, at which port, with which Host."""

    url: str
    port: int
    host: str


def _passed_request(nginx: Nginx) -> _PassedRequest | None:
    """Return it if nginx has one server for the page, and this machine is that server."""
    evidence, target = nginx.evidence, nginx.evidence.target
    for match in nginx.location_matches(target.path):
        proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        if proxy_target is None or len(proxy_target.endpoints) != 1:
            continue
        endpoint = proxy_target.endpoints[0]
        if not is_server_host(evidence, endpoint.host):
            continue
        sent_host = proxy_headers.forwarded_host(match, proxy_target, target) or ""
        return _PassedRequest(proxy_target.target, endpoint.port, sent_host.partition(":")[0])
    return None


@frozen
class _InnerSite:
    """The site with the name on the server behind nginx, which does not answer at the port."""

    server: WebServer
    config: WebServerConfig
    site: WebSite
    is_idle: bool


def _inner_site(evidence: Evidence, request: _PassedRequest) -> _InnerSite | None:
    if not request.host or is_address(request.host):
        return None
    for server in evidence.good(WebServer):
        if request.port not in server.ports or evidence.target.port in server.ports:
            continue
        for config in evidence.good(WebServerConfig):
            if config.product != server.product or not config.complete:
                continue
            named = [site for site in config.sites if has_name(site, request.host)]
            if any(site.listens_on(request.port) for site in named):
                continue
            idle = [site for site in config.idle if has_name(site, request.host)]
            if named or idle:
                return _InnerSite(server, config, (*idle, *named)[0], bool(idle))
    return None


def _fix(inner: _InnerSite, edit: Edit | None) -> Fix:
    step = edit or (enabling_command(inner.site) if inner.is_idle else None)
    return Fix(
        (step or Manual("one-port", Where.SERVER), *reload_steps(inner.server)),
        Applicability.REVIEW if step else Applicability.MANUAL,
    )


#: The first line of a virtual host with one address.
_HOST = re.compile(r"(?i)(\s*<VirtualHost\s+(?:\*|[\d.]{7,15}|\[[0-9a-f:]+\])):(\d{1,5})(\s*>\s*)")


def _port_edit(evidence: Evidence, inner: _InnerSite, port: int) -> Edit | None:
    """Return the edit that gives the virtual host of Apache the port at which nginx asks, and at
    which Apache listens; None if it is not loaded, has several addresses or speaks TLS."""
    view = ServerView(evidence, inner.server, inner.config, None)
    site = inner.site
    match = _HOST.fullmatch(line_text(view, site.file, site.line))
    is_plain = not any(socket.tls for socket in site.sockets)
    if inner.is_idle or match is None or inner.server.product != "apache" or not is_plain:
        return None
    return line_edit(view, site.file, {site.line: (f"{match[1]}:{port}{match[3]}",)})
