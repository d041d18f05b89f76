"""A second server block of the same nginx, to which the first passes requests on in plain HTTP.
There `$scheme` is "http" whatever the visitor uses."""

from collections.abc import Iterator

from checks.http._redirects import NginxRedirect, find_redirect_in
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits, proxy_headers, server_blocks, upstreams
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.urls import is_loopback_host, parse_url

_SCHEME = "X-Forwarded-Proto"
#: Conditions that are true for every request in plain HTTP.
_CONDITIONS = {
    ("($scheme", "=", "http)"),
    ("($scheme", "=", '"http")'),
    ("($scheme", "!=", "https)"),
}
_FORWARDED = "$http_x_forwarded_proto"


@frozen
class InnerScheme:
    """The directive of the inner block that takes `$scheme` for the visitor's: an `if` or `return`
    that redirects, or X-Forwarded-Proto. `outer` is the location that passes requests on."""

    outer: LocationMatch
    server: Server
    directive: Directive
    redirect: NginxRedirect | None = None
    match: LocationMatch | None = None

    @property
    def place(self) -> str:
        return file_line(self.directive)


def inner_scheme(nginx: Nginx, step: Exchange) -> InnerScheme | None:
    """Return what makes an inner block redirect this request to itself; None if nothing does."""
    url = parse_url(step.url)
    if url is None or url.host != nginx.evidence.target.host or not url.secure:
        return None
    for outer, server in _inner_servers(nginx, url.path):
        redirect = find_redirect_in(server, step)
        if redirect is not None:
            block = redirect.location_match.block
            directive = block if block.name == "if" else redirect.directive
            return InnerScheme(outer, server, directive, redirect=redirect)
        match = final_location(server, url.path)
        header = proxy_set_header_of(match, _SCHEME)
        if proxy_pass_of(match) and header and header.args[1:] in {("$scheme",), ("http",)}:
            return InnerScheme(outer, server, header, match=match)
    return None


def _inner_servers(nginx: Nginx, path: str) -> Iterator[tuple[LocationMatch, Server]]:
    """Yield the blocks on this machine, without TLS, that get the requests of a location."""
    target = nginx.evidence.target
    for outer in nginx.location_matches(path):
        variables = upstreams.route_variables(target, outer, path)
        proxy_target = upstreams.proxy_target_of(outer, variables)
        if proxy_target is None or proxy_target.scheme != "http":
            continue
        name = proxy_headers.forwarded_host(outer, proxy_target, target) or ""
        for endpoint in proxy_target.endpoints:
            socket = _socket(nginx, endpoint.host, endpoint.port)
            if socket is not None and not socket.ssl:
                yield outer, server_blocks.select_server(socket, name.partition(":")[0])[0]


def _socket(nginx: Nginx, host: str, port: int) -> server_blocks.Socket | None:
    if not is_loopback_host(host):
        return None
    address = "127.0.0.1" if host == "localhost" else host
    return server_blocks.socket_for(nginx.listen_sockets(port), address)


def pass_scheme_on(nginx: Nginx, inner: InnerScheme, changes: Changes) -> None:
    """Let the inner block believe the scheme that the outer one sends. Nothing is changed if the
    inner one redirects without a condition."""
    file = nginx.file(inner.directive)
    if file is None:
        return
    if inner.match is not None:
        line = f"proxy_set_header {_SCHEME} {_FORWARDED};"
        changes.setdefault(file.path, []).append(edits.replace_directive(inner.directive, line))
    elif inner.directive.name == "if" and inner.directive.args in _CONDITIONS:
        head = edits.TextEdit(
            inner.directive.start, inner.directive.opened, f"if ({_FORWARDED} = http) {{"
        )
        changes.setdefault(file.path, []).append(head)
    else:
        return
    if proxy_set_header_of(inner.outer, _SCHEME) is None:
        header = {_SCHEME: "$scheme"}
        lines = _location_edits.header_lines(nginx, inner.outer, header, changes)
        _location_edits.insert_lines(nginx, inner.outer, lines, changes)
