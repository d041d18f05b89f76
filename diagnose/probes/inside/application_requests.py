"""Sends a request of nginx's kind to the application of a route: directly, or over SSH with the
server's own curl.
"""

import re

from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_requests, upstream_routes
from diagnose.probes.inside.raw_answers import RawAnswer
from diagnose.probes.inside.remote_curl import shown_command
from diagnose.probes.inside.upstream_requests import answer_by_curl
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Maximum bytes of a response.
MAX_ANSWER_BYTES = 16384


async def send_request(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, method: str = "GET"
) -> RawAnswer | None:
    """Send a request to the application of a route; None if that is not possible."""
    send = _send_directly if ctx.machine.via == "local" else _send_by_curl
    return await send(ctx, route, request, method)


async def _send_directly(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, method: str
) -> RawAnswer | None:
    from diagnose.net.tls import send_and_receive

    opened = await upstream_routes.open_first_stream(ctx, route, request.server_name)
    if opened is None:
        return None
    endpoint, stream = opened
    reply, failure = await send_and_receive(
        stream,
        "\r\n".join((*request.lines(method), "", "")).encode("latin-1", "replace"),
        _is_complete,
        upstream_requests.time_left(ctx),
        MAX_ANSWER_BYTES,
    )
    command = _curl_command(ctx, route, request, method)
    return RawAnswer(upstream_routes.peer_of(endpoint), command, reply, failure)


async def _send_by_curl(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, method: str
) -> RawAnswer | None:
    """Send the request with the server's own curl."""
    argv = _curl_argv(route, request, method)
    return await answer_by_curl(ctx, route, argv, _curl_command(ctx, route, request, method))


async def send_from(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, source: str
) -> RawAnswer | None:
    """Send a request from another address of the server, with its curl; None without one."""
    program, *words = _curl_argv(route, request, "GET")
    argv = [program, "--interface", source, *words]
    return await answer_by_curl(ctx, route, argv, shown_command(argv, user_fields(ctx)))


def _curl_command(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, method: str
) -> str:
    """Return the equivalent command, without secrets."""
    return shown_command(_curl_argv(route, request, method), user_fields(ctx))


def user_fields(ctx: ProbeContext) -> frozenset[str]:
    """Return the names, in lower case, of the fields whose values the user has added."""
    return frozenset(name.lower() for name, _ in ctx.options.request.headers)


def _curl_argv(route: UpstreamRoute, request: ProxiedRequest, method: str) -> list[str]:
    """Return the curl command of this request.

    curl sends SNI for a name in the URL and none for an address.
    """
    base, options = _curl_base(route, request.server_name)
    argv = ["curl", "-sSik", "-m", f"{upstream_requests.PATIENCE:.0f}"]
    argv += [f"--http{request.version}", "--path-as-is", *options]
    # Brackets and braces stand for many URLs, without this option (curl(1), "URL").
    argv += ["-g"] if set("[]{}") & set(request.path) else []
    argv += ["-X", "POST", "-H", "Content-Length: 0"] if method == "POST" else []
    for name, text in request.fields:
        argv += ["-H", f"{name}: {text}"]
    argv += [word for name in ("User-Agent", "Accept") if request.field(name) is None
             for word in ("-H", f"{name}:")]  # fmt: skip
    return [*argv, f"{base}{request.path}"]


def _curl_base(route: UpstreamRoute, server_name: str) -> tuple[str, tuple[str, ...]]:
    """Return the beginning of the URL, and the options with which curl sends this SNI."""
    endpoint, scheme = route.upstream.endpoints[0], route.upstream.scheme
    if endpoint.socket:
        return f"{scheme}://{server_name or 'localhost'}", ("--unix-socket", endpoint.socket)
    authority = str(endpoint)
    if not route.upstream.secure or (not server_name and is_address(endpoint.host)):
        return f"{scheme}://{authority}", ()
    url_host = server_name or "192.0.2.1"  # RFC 5737: never contacted
    connect_to = f"{url_host}:{endpoint.port}:{authority}"
    return f"{scheme}://{url_host}:{endpoint.port}", ("--connect-to", connect_to)


def _is_complete(reply: bytes) -> bool:
    """Whether enough was received: the head, and of an error's page the beginning."""
    head, end, body = reply.partition(b"\r\n\r\n")
    if not end:
        return False
    length = re.search(rb"(?im)^content-length:[ \t]*(\d{1,10})[ \t]*\r?$", head)
    has_body = not re.match(rb"HTTP/1\.[01] (?:1\d\d|204|304)", head)
    if length is None:
        return bool(body) or not has_body
    return not has_body or len(body) >= min(int(length[1]), 1024)
