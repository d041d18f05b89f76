"""A server reports that plain HTTP came to its TLS port (nginx: error 497).

The cause depends on where the request went: port 80 itself speaks TLS, a redirect combines http://
with the TLS port, or a proxy forwarded plain HTTP to a TLS port behind it: one that terminated TLS,
or one whose own port has none. Such a redirect is an application's that takes its visitors for ones
without TLS, and to which nginx passes a Host field with the port (`$host:$server_port`).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import _redirect_edits, _redirects, addresses, endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity, Subject, merge_subjects
from diagnose.model.http import Exchange
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.http import hops, wants_tls
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import normalize_url, parse_url

_PLAIN_PORT = 80
#: The Host field has the port.
_TO_HTTPS = "error_page 497 =301 https://$http_host$request_uri;"


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "server.application-answers",
        "server.own-answer",
        "http.acme-challenge-blocked",
        "http.error-in-front",
        "http.no-redirect",
        "http.redirect-downgrade",
        "http.redirect-loop",
        "websocket.not-upgraded",
    ],
)
def plain_to_tls_port(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[int, str, bool], list[Exchange]] = {}
    for exchange in evidence.of(Exchange):
        if wants_tls(exchange):
            redirected = exchange.purpose == "redirect" and exchange.url.startswith("http:")
            key = (exchange.port, exchange.url.partition(":")[0], redirected)
            groups.setdefault(key, []).append(exchange)
    for (port, scheme, redirected), exchanges in groups.items():
        known = _configured_tls(evidence, port)
        has_no_tls = scheme == "http" and not redirected and known is False
        is_behind_proxy = scheme == "https" or has_no_tls
        is_asked = not redirected and not is_behind_proxy
        # Where nobody read the configuration, a proxy may have port 80 and pass the request on. A
        # TLS record comes from the port itself.
        unsure = (
            is_asked
            and port == _PLAIN_PORT
            and known is None
            and all(exchange.failure is None for exchange in exchanges)
        )
        # A redirect to the TLS port concerns everything that leads to it, which are the target's
        # own ports.
        subjects = endpoint_subjects(exchanges)
        nginx = Nginx.of(evidence)
        given = _given_port(nginx, exchanges[0]) if redirected and not is_behind_proxy else None
        line = proxy_set_header_of(given, "Host") if given else None
        yield Claim(
            about=merge_subjects(subjects),
            covers=() if redirected else (*subjects, Subject(port=port)),
            because=(*exchanges, *([nginx.config] if nginx.config and given else [])),
            location=nginx.location(line) if line else None,
            facts={
                "url": exchanges[0].url,
                "addresses": addresses(exchanges),
                "port": port,
                "behind": is_behind_proxy,
                "ends_tls": is_behind_proxy and not has_no_tls,
                "product": _front_product(exchanges[0]) if is_behind_proxy else "",
                "redirected": redirected and not is_behind_proxy,
                "asked": is_asked,
                "unsure": unsure,
                "usual": port == _PLAIN_PORT,
                "from": exchanges[0].redirected_from or "",
                "given": line.text if line else "",
                "place": file_line(line) if line else "",
            },
            confidence=Confidence.LIKELY if unsure else Confidence.CERTAIN,
            fix=_host_fix(nginx, given)
            if given
            else _fix(nginx, exchanges, _step(port, is_behind_proxy, redirected)),
        )


def _given_port(nginx: Nginx, exchange: Exchange) -> LocationMatch | None:
    """Return the location that passes the page on which redirected, if the redirect is none of
    nginx's own, and the Host field that nginx passes on is the authority of its address."""
    # Imported late: a healthy site needs none of it.
    from diagnose.parsers.nginx.proxy_headers import forwarded_host

    start, url = parse_url(exchange.redirected_from or ""), parse_url(exchange.url)
    if start is None or url is None or nginx.is_refused:
        return None
    steps = (step for step in nginx.evidence.good(Exchange) if step.url == exchange.redirected_from)
    if any(_redirects.find_redirect(nginx, step) for step in steps):
        return None
    target = replace(nginx.evidence.target, path=start.path)
    for match in nginx.location_matches(start.path.partition("?")[0]):
        passed = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        host = forwarded_host(match, passed, target) if passed else None
        if host == f"{url.host}:{url.port}" and proxy_set_header_of(match, "Host"):
            return match
    return None


def _host_fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Pass the name on without the port, and tell the application that visitors use TLS."""
    from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD

    headers = {"Host": _location_edits.host_variable(nginx.evidence.target)}
    if not _location_edits.sends_field(nginx, match, SCHEME_FIELD):
        headers[SCHEME_FIELD] = "$scheme"
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, headers, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return _redirect_edits.by_hand("redirect")
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def _configured_tls(evidence: Evidence, port: int) -> bool | None:
    """Return whether the configuration that was read has the port with TLS; if not, a server behind
    it answers so. None if no configuration has the port."""
    from diagnose.model.web_servers import WebServerConfig

    sockets = [
        socket.tls
        for config in evidence.good(WebServerConfig)
        for site in config.sites
        for socket in site.sockets
        if socket.port == port
    ]
    listens = [
        listen.ssl
        for server in Nginx.of(evidence).servers
        for listen in server.listens
        if listen.port == port
    ]
    return any((*sockets, *listens)) if sockets or listens else None


def _front_product(exchange: Exchange) -> str:
    """Return the CDN that passed the answer on, or the field that a proxy added; "" if neither
    shows."""
    signs, hop_fields = field_signs(exchange.headers), hops(exchange.headers)
    return signs[0][0] if signs else next(iter(hop_fields), "")


def _fix(nginx: Nginx, exchanges: list[Exchange], step: str) -> Fix:
    changes: Changes = {}
    sure = True
    if step == "redirect":
        _redirect_with_tls(nginx, {normalize_url(exchange.url) for exchange in exchanges}, changes)
    elif step == "port":
        sure = _remove_tls(nginx, exchanges, changes)
    elif step == "send-to-tls":
        sure = _send_to_tls(nginx, exchanges, changes)
    return _redirect_edits.fix(nginx, changes, step, sure)


def _redirect_with_tls(nginx: Nginx, urls: set[str], changes: Changes) -> None:
    """Change the redirects that lead there to https."""
    redirecting = (
        exchange for exchange in nginx.evidence.good(Exchange) if redirect_target(exchange) in urls
    )
    redirects = {
        id(redirect.directive): redirect
        for step in redirecting
        if (redirect := _redirects.find_redirect(nginx, step))
    }
    for redirect in redirects.values():
        scheme, host, uri = redirect.parts or ("", "", "")
        if scheme:
            _redirect_edits.replace_target(
                redirect, f"https://{host.removesuffix(':443')}{uri}", changes
            )


def _remove_tls(nginx: Nginx, exchanges: list[Exchange], changes: Changes) -> bool:
    """Make port 80 speak plain HTTP; a block for both ports redirects visitors to TLS.

    Return whether the change is safe, which means that it touches no other site's block.
    """
    server_ids = {
        id(server.block)
        for exchange in exchanges
        for _, server, _ in _redirects.selected_servers(nginx, exchange)
    }
    ports = {exchange.port for exchange in exchanges}
    tls_listens = [
        (server, listen)
        for server in nginx.servers
        for listen in server.listens
        if listen.port in ports and listen.directive and "ssl" in listen.directive.args
    ]
    for server, listen in tls_listens:
        if (directive := listen.directive) is None:
            continue
        args = [arg for arg in directive.args if arg not in {"ssl", "http2"}]
        words = f"listen {' '.join(args)};"
        file, last = nginx.file(directive), listen is tls_listens[-1][1]
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, words))
        if (
            file
            and last
            and any(
                other_listen.ssl and other_listen.port not in ports
                for other_listen in server.listens
            )
        ):
            own = children(server.block, "server_name")
            anchor = own[0] if own and own[0].file == file.path else directive
            step = edits.indent_step(file.text, server.block, directive)
            words = f"return 301 {_redirects.SECURE};"
            lines = _redirect_edits.if_block("($scheme = http)", words, step)
            changes[directive.file].append(edits.insert_after(file.text, anchor, lines))
    return {id(server.block) for server, _ in tls_listens} <= server_ids and len(server_ids) == 1


def _send_to_tls(nginx: Nginx, exchanges: list[Exchange], changes: Changes) -> bool:
    """Redirect to https what comes without TLS to a port that is meant for TLS (error 497,
    ngx_http_ssl_module). Return whether the change touches one block alone."""
    servers = {
        id(server.block): server
        for exchange in exchanges
        for _, server, _ in _redirects.selected_servers(nginx, exchange)
    }
    for server in servers.values():
        listens = [listen.directive for listen in server.listens if listen.directive]
        anchor = (*children(server.block, "server_name"), *listens)[0]
        if file := nginx.file(anchor):
            change = edits.insert_after(file.text, anchor, [_TO_HTTPS])
            changes.setdefault(file.path, []).append(change)
    return len(servers) == 1


def _step(port: int, is_behind_proxy: bool, redirected: bool) -> str:
    """Return the step for a mistake. Only port 80 is known to be meant for plain HTTP."""
    if is_behind_proxy or redirected:
        return "behind" if is_behind_proxy else "redirect"
    return "port" if port == _PLAIN_PORT else "send-to-tls"
