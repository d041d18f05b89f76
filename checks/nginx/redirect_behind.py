"""nginx behind another server (Apache, Caddy, HAProxy, or a front on another machine) makes a
redirect as if visitors came to it: to its own name, port and plain http where a folder lacks its
slash or a rule names a path alone (ngx_http_core_module, "absolute_redirect"), or to https, where
the visitor is already, because it gets plain http itself.

Of a front on another machine nothing is known. A redirect to the same path with a slash, and to a
port on which only this nginx listens, cannot come from anything else.
"""

import re
from collections.abc import Iterator

from checks.http._completed_redirects import CompletedRedirect, completed_redirect, relative_fix
from checks.http._redirects import NginxRedirect, find_redirect
from checks.nginx import Nginx, _edits, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._inner_scheme import is_plain_condition
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, InnerNginx, NginxConfig
from diagnose.model.summary import socket_text
from diagnose.model.web_servers import TITLES, WebServer, WebServerConfig
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.redirects import leads_to_itself, redirect_target
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites

_FORWARDED = "$http_x_forwarded_proto"
_BY_HAND = Fix((Manual("relative", Where.SERVER),), Applicability.MANUAL)


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.redirect-loop", "http.redirect-wrong-host", "http.redirect-downgrade",
        "server.forces-https", "server.scheme-not-passed", "server.application-answers",
        "server.application-writes-http",
    ],
)  # fmt: skip
def redirect_behind(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    inner, answering = nginx.inner, nginx.answering_servers()
    pages = [exchange for exchange in evidence.good(Exchange) if exchange.is_page_of(target)]
    if inner is None and not answering and pages:
        yield from _of_a_far_front(nginx, pages)
    if inner is None or len(answering) != 1 or not pages:
        return
    completed = [_completed(nginx, inner, page) for page in pages]
    if all(completed):
        block = answering[0].server.block
        reason = "folder" if all(each and each.is_folder for each in completed) else "path"
        yield _claim(nginx, inner, pages, block, reason, relative_fix(nginx, block) or _BY_HAND)
    elif target.uses_tls and not inner.tls and all(map(leads_to_itself, pages)):
        redirect = find_redirect(nginx, pages[0])
        if redirect is not None:
            line = _condition(redirect) or redirect.directive
            fix = _tls_fix(nginx, inner, redirect) or _condition_fix(nginx, redirect)
            yield _claim(nginx, inner, pages, line, "loop", fix)


def _of_a_far_front(nginx: Nginx, pages: list[Exchange]) -> Iterator[Claim]:
    """Judge by the port in the redirect: nginx listens there, and not on the visitors' port."""
    urls = [parse_url(redirect_target(page) or "") for page in pages]
    path = nginx.evidence.target.path_without_query
    ports = {url.port for url in urls if url}
    if len(ports) != 1 or path.endswith("/") or nginx.is_refused:
        return
    (port,) = ports
    candidates = server_blocks.sockets(nginx.servers, port)
    selected = [
        server_blocks.select_server(candidate, nginx.evidence.target.host)
        for candidate in candidates
    ]
    blocks = {id(server.block): server for server, _ in selected}
    if len(blocks) != 1 or server_blocks.sockets(nginx.servers, nginx.evidence.target.port):
        return
    (server,) = blocks.values()
    if all(candidate.address.startswith(("127.", "::1", "unix:")) for candidate in candidates):
        return  # no front on another machine reaches it
    match = final_location(server, path)
    socket = candidates[0]
    inner = InnerNginx(
        vantage=Vantage.SERVER, port=port, address=socket.address, host=nginx.evidence.target.host,
        product="", tls=socket.ssl,
    )  # fmt: skip
    is_file = pass_directive_of(match) is None and match.directive("absolute_redirect") is None
    if is_file and all(_is_for_a_slash(inner, page) for page in pages):
        fix = relative_fix(nginx, server.block) or _BY_HAND
        yield _claim(nginx, inner, pages, server.block, "folder", fix)


def _completed(nginx: Nginx, inner: InnerNginx, page: Exchange) -> CompletedRedirect | None:
    """Return what makes a redirect to a path and puts nginx's own address before it; None if an
    application may make it, or if it has another address. The server in front may send a name of
    its own as Host, or nginx writes the first of its names ("server_name_in_redirect")."""
    url, onward = parse_url(page.url), redirect_target(page)
    to = parse_url(onward) if onward else None
    if url is None or to is None or onward is None or to.secure is not inner.tls:
        return None
    made = completed_redirect(nginx, page, onward)
    if made is None or to.host == url.host:
        return made if made and to.port == inner.port else None
    # There ProxyPassReverse is missing, and another finding says so.
    if inner.product == "apache":
        return None
    named = children(made.block, "server_name")
    names = {inner.host.lower(), *(named[0].args[:1] if named else ())}
    usual = 443 if inner.tls else 80
    return made if to.host in names and to.port in {inner.port, usual} else None


def _is_for_a_slash(inner: InnerNginx, page: Exchange) -> bool:
    """Return whether a page redirects to the same path with a slash, on nginx's own port or in
    plain http."""
    url, onward = parse_url(page.url), redirect_target(page)
    to = parse_url(onward) if onward else None
    if url is None or to is None or page.status != 301 or url.host != to.host:
        return False
    path, mark, query = url.path.partition("?")
    is_slash = to.path == f"{path}/{mark}{query}"
    return is_slash and to.port == inner.port and to.secure is inner.tls


def _condition(redirect: NginxRedirect) -> Directive | None:
    block = redirect.location_match.block
    return block if block.name == "if" else None


def _tls_fix(nginx: Nginx, inner: InnerNginx, redirect: NginxRedirect) -> Fix | None:
    """Let HAProxy ask the block of the same name that has the site with TLS: the redirect is meant
    for whoever comes to nginx itself. None where there is no such block, or a condition decides."""
    if inner.product != "haproxy" or _condition(redirect) is not None:
        return None
    ports = {
        listen.port
        for server in nginx.servers
        if inner.host in server.names and server.block is not redirect.server.block
        for listen in server.listens
        if listen.ssl and listen.address in {"", "*", "0.0.0.0", inner.address}
    }
    # Imported late: only a finding needs them.
    from checks.server import line_edit, line_text, server_on_port
    from checks.server import reload_steps as reload_front

    view = server_on_port(nginx.evidence)
    if view is None or len(ports) != 1 or view.server.product != "haproxy":
        return None
    text = line_text(view, inner.file, inner.line)
    pattern = re.compile(rf"(\s*server\s+\S+\s+\S{{1,255}}:){inner.port}(?=\s|$)(?!.*\sssl\b)")
    if not pattern.match(text) or "#" in text:
        return None
    # The certificate of a block on this machine need not be one that an authority has signed.
    new = pattern.sub(rf"\g<1>{ports.pop()} ssl verify none sni req.hdr(host)", text)
    edit = line_edit(view, inner.file, {inner.line: (new,)})
    return Fix((edit, *reload_front(view.server)), Applicability.REVIEW) if edit else None


def _condition_fix(nginx: Nginx, redirect: NginxRedirect) -> Fix:
    """Let a condition ask for the visitor's scheme. Caddy sends it by itself; the others by a line
    that this run did not look for, so a person reads the edit."""
    block = _condition(redirect)
    edit = None
    if block is not None and is_plain_condition(block):
        head = edits.TextEdit(block.start, block.opened, f"if ({_FORWARDED} = http) {{")
        edit = _edits.config_edit(nginx, block.file, head)
    if edit is None:
        return Fix((Manual("ask-the-field", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)


def _front_redirects(evidence: Evidence, product: str) -> bool:
    """Return whether the server in front has port 80 and redirects there: Caddy does so unless it
    is told otherwise ("Automatic HTTPS")."""
    for config in evidence.good(WebServerConfig):
        servers = [
            web_server
            for web_server in evidence.good(WebServer)
            if web_server.product == config.product
        ]
        if config.product != product or not any(80 in server.ports for server in servers):
            continue
        sites = answering_sites(config, 80, evidence.target.host)
        return all(site.redirects for site in sites) if sites else product == "caddy"
    return False


def _claim(
    nginx: Nginx,
    inner: InnerNginx,
    pages: list[Exchange],
    directive: Directive,
    reason: str,
    fix: Fix,
) -> Claim:
    target = nginx.evidence.target
    subject = Subject(port=target.port, path=target.path)
    return Claim(
        about=subject,
        covers=(subject, Subject(port=target.port), Subject(port=80)),
        because=(
            *([inner] if inner.product else []),
            *nginx.configs,
            *pages,
        ),
        facts={
            "server": next((TITLES[p] for p in TITLES if p == inner.product), inner.product),
            "inner": socket_text(inner.address, inner.port),
            "far": not inner.product,
            "url": pages[0].url,
            "location": pages[0].header("Location") or "",
            "line": directive.text,
            "place": file_line(directive),
            "outer": f"{inner.file}:{inner.line}" if inner.file else "",
            "folder": reason == "folder",
            "own_address": reason != "loop",
            "loop": reason == "loop",
            "front_redirects": _front_redirects(nginx.evidence, inner.product),
            **({inner.product: True} if inner.product else {}),
        },
        location=nginx.location(directive),
        fix=fix,
    )
