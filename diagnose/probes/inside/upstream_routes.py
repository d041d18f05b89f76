"""Routes of requests through nginx's configuration to the applications, and requests along them.

Connections and requests are made as nginx makes them. The other upstream modules use this.
"""

import asyncio
import re
import shlex
from collections.abc import Iterator

from diagnose.model import Failure, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Stream
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    location_pattern,
    proxy_set_header_of,
)
from diagnose.parsers.nginx.server_blocks import Socket
from diagnose.parsers.nginx.upstreams import Endpoint, ProxyTarget
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.probes import ProbeContext
from diagnose.probes.inside.answering_blocks import answering_blocks

#: Maximum number of addresses tried per name.
MAX_ADDRESSES = 4


@frozen
class UpstreamRoute:
    """The route of one path: the socket and location that handle it, and the proxy target."""

    path: str
    socket: Socket
    place: LocationMatch
    upstream: ProxyTarget

    @property
    def upstream_path(self) -> str:
        """The path in nginx's request to the application."""
        return upstreams.requested_path(self.place, self.upstream, self.path)


def find_routes(
    ctx: ProbeContext, config: NginxConfig, *more_paths: str
) -> Iterator[UpstreamRoute]:
    """Return the routes of the server blocks that answer the target.

    There is one for each requested path, for each of these and for each location, if it is proxied.
    """
    visited: set[int] = set()
    for socket, server in answering_blocks(ctx, config):
        if id(server.block) in visited:
            continue
        visited.add(id(server.block))
        for path in (ctx.target.path, *ctx.target.websockets, *more_paths):
            if route := _route(ctx, path, socket, final_location(server, path)):
                yield route
        for location in all_locations(server):
            pattern = location_pattern(location.block)
            path = pattern.text if pattern and pattern.modifier in {"", "=", "^~"} else ""
            if route := _route(ctx, path, socket, location):
                yield route


def find_route(
    ctx: ProbeContext, config: NginxConfig, path: str, *, over_http: bool = True
) -> UpstreamRoute | None:
    """Return the first route that the visitor's path takes: over HTTP, or over any protocol."""
    routes = (
        route
        for route in find_routes(ctx, config, path)
        if route.path == path and (route.upstream.speaks_http or not over_http)
    )
    return next(routes, None)


def _route(
    ctx: ProbeContext, path: str, socket: Socket, location: LocationMatch
) -> UpstreamRoute | None:
    variables = upstreams.route_variables(ctx.target, location, path)
    upstream = upstreams.proxy_target_of(location, variables)
    return UpstreamRoute(path, socket, location, upstream) if upstream else None


def peer_of(endpoint: Endpoint, address: str = "") -> tuple[str, int]:
    """Return the address and port of an observation: "unix:PATH" and 0 for a Unix socket."""
    if endpoint.socket:
        return f"unix:{endpoint.socket}", 0
    return address or endpoint.host, endpoint.port


def upstream_try_of(
    route: UpstreamRoute, endpoint: Endpoint, address: str, at: float
) -> UpstreamTry:
    """Return the observation of a connection to one address, without its outcome."""
    return UpstreamTry(
        vantage=Vantage.SERVER,
        at=at,
        target=route.upstream.target,
        host=endpoint.host,
        port=endpoint.port,
        address=address,
        path=route.path,
        scheme=route.upstream.scheme,
        file=route.upstream.directive.file,
        line=route.upstream.directive.line,
        socket=endpoint.socket,
        backup=endpoint.backup,
    )


def host_header(ctx: ProbeContext, route: UpstreamRoute) -> str:
    """Return the Host header that nginx would send (proxy_set_header: "Host $proxy_host")."""
    header = proxy_set_header_of(route.place, "Host")
    request = {**upstreams.request_variables(ctx.target), "proxy_host": route.upstream.authority}
    text = header.args[1] if header and len(header.args) > 1 else "$proxy_host"
    value = expand_variables(route.place, text, request)
    return value if value and "/" not in value else ctx.target.authority


def server_name(ctx: ProbeContext, route: UpstreamRoute) -> str:
    """Return the SNI that nginx would send, or "" for none."""
    return upstreams.tls_server_name(
        route.place, route.upstream, upstreams.request_variables(ctx.target)
    )


def other_names(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, sent_name: str
) -> tuple[str, ...]:
    """Return other names that the application may expect, the most likely first.

    They come from proxy_ssl_name, proxy_pass, the upstream server, the Host header and the target.
    """
    bare = host_header(ctx, route).rpartition(":")[0] or host_header(ctx, route)
    directive = route.place.directive("proxy_ssl_name")
    configured_name = (
        expand_variables(route.place, directive.args[0], {})
        if directive and directive.args
        else None
    )
    proxied = "" if route.upstream.group else route.upstream.host
    names = dict.fromkeys((configured_name or "", proxied, endpoint.host, bare, ctx.target.host))
    return tuple(
        name
        for name in names
        if name and "." in name and name != sent_name and not is_address(name)
    )[:3]


async def resolve_addresses(ctx: ProbeContext, name: str) -> tuple[str, ...]:
    """Return all addresses of a name, as nginx resolves it at startup."""
    if is_address(name):
        return (name,)
    lookups = await asyncio.gather(ctx.net.resolve(name, 4, 2.0), ctx.net.resolve(name, 6, 2.0))
    addresses = dict.fromkeys(address for lookup in lookups for address in lookup.addresses)
    return tuple(addresses)[:MAX_ADDRESSES]


def curl_target(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint
) -> tuple[str, tuple[str, ...]]:
    """Return the beginning of a URL, and curl options so that it sends the same SNI as nginx.

    For a URL with an address curl sends no SNI.
    """
    if endpoint.socket:
        return f"{route.upstream.scheme}://localhost", ("--unix-socket", endpoint.socket)
    authority = f"{bracketed(endpoint.host)}:{endpoint.port}"
    if not route.upstream.secure or is_address(endpoint.host):
        return f"{route.upstream.scheme}://{authority}", ()
    url_host = server_name(ctx, route) or "192.0.2.1"  # RFC 5737: never contacted
    connect_to = f"{url_host}:{endpoint.port}:{authority}"
    return f"{route.upstream.scheme}://{url_host}:{endpoint.port}", ("--connect-to", connect_to)


# From this machine


async def connect(ctx: ProbeContext, endpoint: Endpoint, address: str) -> ConnectResult:
    if endpoint.socket:
        from diagnose.net import unix

        return await unix.connect(endpoint.socket, DEFAULT_TIMEOUT)
    return await ctx.net.connect(address, endpoint.port, DEFAULT_TIMEOUT)


def connect_command(endpoint: Endpoint, address: str) -> str:
    """Return the equivalent command."""
    argv = (
        ("nc", "-zvU", endpoint.socket)
        if endpoint.socket
        else ("nc", "-vz", address, str(endpoint.port))
    )
    return shlex.join(argv)


async def open_stream(
    ctx: ProbeContext, endpoint: Endpoint, address: str, secure: bool, name: str
) -> Stream | Failure:
    """Open a connection, with TLS if `secure`; return the stream or the failure."""
    attempt = await connect(ctx, endpoint, address)
    if attempt.stream is None or not secure:
        return attempt.stream or attempt.failure or Failure("other", "no connection")
    from diagnose.net import tls as net_tls

    sni = None if is_address(name) else name or None
    tls_result = await net_tls.secure(
        attempt.stream, net_tls.client_context(), sni, DEFAULT_TIMEOUT
    )
    return tls_result.stream or tls_result.failure or Failure("other", "no handshake")


async def open_first_stream(
    ctx: ProbeContext, route: UpstreamRoute, sni: str | None = None
) -> tuple[Endpoint, Stream] | None:
    """Connect to the first server of the upstream that accepts; return it and the stream.

    `sni` is "" for none; None stands for what nginx sends.
    """
    name = server_name(ctx, route) if sni is None else sni
    for endpoint in route.upstream.endpoints[:4]:
        for address in ("",) if endpoint.socket else await resolve_addresses(ctx, endpoint.host):
            stream = await open_stream(ctx, endpoint, address, route.upstream.secure, name)
            if not isinstance(stream, Failure):
                return endpoint if endpoint.socket else Endpoint(address, endpoint.port), stream
    return None


def media_type(reply: bytes) -> str:
    """Return the media type of a response ("text/html"), "" if its header does not say it."""
    match = re.search(rb"(?im)^content-type:[ \t]*([\w.+-]+/[\w.+-]+)", reply[:8192])
    return match[1].decode("ascii").lower() if match else ""


async def request_page(
    stream: Stream, path: str, name: str, patience: float
) -> tuple[int | None, str, Failure | None, str, bool]:
    """Request a page as nginx does; return status, beginning of the text, failure, media type, and
    whether the response is a stream (`streams`).

    `patience` is in seconds.
    """
    from diagnose.net.tls import send_and_receive

    lines = (f"GET {path} HTTP/1.1", f"Host: {name}", "Accept: */*", "Connection: close")
    data = "\r\n".join((*lines, "", "")).encode("ascii", "replace")
    reply, failure = await send_and_receive(stream, data, _is_complete, patience)
    status = parse_status(reply)
    if status:
        return (
            status,
            reply.partition(b"\r\n\r\n")[2][:2048].decode("latin-1"),
            None,
            media_type(reply),
            streams(reply),
        )
    return None, "", failure or Failure("protocol", "no HTTP answer"), "", False


def streams(reply: bytes) -> bool:
    """Return whether a response with status 200 has no length, and its body has begun and not
    ended."""
    head, _, body = reply.partition(b"\r\n\r\n")
    return (
        _has_no_length(head)
        and bool(body)
        and not f"\r\n{body[-9:].decode('latin-1')}".endswith("\r\n0\r\n\r\n")
    )


def _has_no_length(head: bytes) -> bool:
    """Whether a header of status 200 says no length of a body that is no page: of a stream the
    first bytes tell that it is one."""
    is_page = b"html" in media_type(head).encode()
    return parse_status(head) == 200 and not is_page and b"\ncontent-length:" not in head.lower()


def _is_complete(reply: bytes) -> bool:
    """Whether enough was received: the header, but for an error also its page, and the beginning of
    a body without a length."""
    head, end, body = reply.partition(b"\r\n\r\n")
    if end and not body and _has_no_length(head):
        return False
    if not reply.startswith(b"HTTP/1.1 400"):
        return b"\r\n\r\n" in reply or not b"HTTP/".startswith(reply[:5])
    _, end, body = reply.partition(b"\r\n\r\n")
    return bool(end) and (b"</html>" in body or b"\n" in body)


def parse_status(reply: bytes) -> int | None:
    """Return the status in the first line of a response (RFC 9112 section 4), or None."""
    words = reply.decode("latin-1").split(" ", 2)
    is_valid = len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdecimal()
    return int(words[1]) if is_valid and len(words[1]) == 3 else None
