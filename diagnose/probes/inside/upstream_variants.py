"""Probes that talk to applications in several ways: with or without TLS, with other server names.

They show what nginx does, what fails, and what works instead.

On this machine they use our own sockets. Over SSH they use the server's curl with addresses, so
that it sends no SNI that nginx would not send.
"""

import asyncio
import shlex
from collections.abc import Awaitable
from typing import Literal

from diagnose.machine import CommandResult
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.upstream import UpstreamTalk
from diagnose.net import DEFAULT_TIMEOUT, Stream
from diagnose.parsers import curl_output
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Tries the given addresses, or all addresses of a name, one by one; a name that begins with a
#: slash is a Unix socket. Each connection has four seconds; a silent application then has two
#: (-y, -Y). curl's -v output goes to stdout.
TRY_SCRIPT = r"""
n=$1 p=$2 s=$3 w=$4 h=$5 f=$6; shift 6
command -v curl >/dev/null || exit 127
if [ $# = 0 ]; then
  set -- $(getent ahosts "$n" 2>/dev/null | awk '!met[$1]++ {print $1}' | head -n 3)
  [ $# -gt 0 ] || set -- "$n"
fi
for a; do
  case $a in *:*) b="[$a]" ;; *) b=$a ;; esac
  u="$s://$b:$p$w"
  set -- -sSkv -o /dev/null --http1.1 --connect-timeout 4 -m 6 -y 2 -Y 1 -H "Host: $f"
  case $a in /*) u="$s://localhost$w"; set -- "$@" --unix-socket "$a" ;; esac
  [ -z "$h" ] || { u="$s://$h:$p$w"; set -- "$@" --resolve "$h:$p:$b"; }
  echo "address $a"; curl "$@" "$u" 2>&1; echo
done; :
"""


async def try_endpoint(ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint) -> None:
    """Connect to each address of one server; perform the TLS handshake if nginx would."""
    if ctx.machine.via != "local":
        await _try_by_curl(ctx, route, endpoint)
        return
    addresses = (
        ("",) if endpoint.socket else await upstream_routes.resolve_addresses(ctx, endpoint.host)
    )
    await asyncio.gather(*(_try_address(ctx, route, endpoint, address) for address in addresses))


async def _try_address(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, address: str
) -> None:
    at = ctx.elapsed()
    attempt = await upstream_routes.connect(ctx, endpoint, address)
    command = upstream_routes.connect_command(endpoint, address)
    ctx.emit(
        upstream_routes.build_upstream_try(
            route, endpoint, address, at, attempt.took, command, attempt.failure
        )
    )
    if attempt.stream is None:
        return
    if not route.upstream.secure:
        attempt.stream.close()
        return
    name = upstream_routes.server_name(ctx, route)
    await try_variants(
        ctx,
        route,
        endpoint,
        await _try_handshake(ctx, route, endpoint, address, name, attempt.stream),
    )


async def _try_by_curl(ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint) -> None:
    at, secure = ctx.elapsed(), route.upstream.secure
    name = upstream_routes.server_name(ctx, route)
    result, command = await _run_curl(ctx, route, endpoint, secure, name, "", "/")
    if result.status == 127:
        _emit_no_curl(ctx, at)
        return
    for curl_attempt in curl_output.attempts(result.out):
        address = (
            "" if endpoint.socket or not is_address(curl_attempt.address) else curl_attempt.address
        )
        failure = None if curl_attempt.connected else curl_attempt.failure
        if failure and failure.kind == "unreachable" and failure.code == 13 and endpoint.socket:
            failure = Failure("denied", failure.message, 13, "EACCES")
        ctx.emit(
            upstream_routes.build_upstream_try(
                route, endpoint, address, at, result.took, command, failure
            )
        )
        if secure and curl_attempt.connected:
            variant = ctx.emit(
                _variant_from_curl(
                    route,
                    endpoint,
                    address,
                    curl_attempt,
                    True,
                    name,
                    True,
                    at,
                    result.took,
                    command,
                )
            )
            await try_variants(ctx, route, endpoint, variant)


def _emit_no_curl(ctx: ProbeContext, at: float) -> None:
    subject, reason = "the applications behind nginx", "the server has no curl"
    if not any(not_observed.what == subject for not_observed in ctx.observed(Unseen)):
        enable = "run diagnose on the server"
        ctx.emit(Unseen(vantage=Vantage.SERVER, at=at, what=subject, why=reason, enable=enable))


async def try_variants(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, variant: UpstreamTalk
) -> None:
    """If nginx's handshake failed, try without TLS and with other server names."""
    if variant.failure is None:
        return
    work: list[Awaitable[object]] = []
    if variant.failure.kind in {"protocol", "timeout", "closed", "reset"}:
        work.append(try_variant(ctx, route, endpoint, variant.address, secure=False))
    if variant.failure.kind in {"alert", "closed", "reset"}:
        work.append(try_server_names(ctx, route, endpoint, variant.address, variant.server_name))
    await asyncio.gather(*work)


async def try_server_names(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, address: str, sent: str | None
) -> None:
    """Try handshakes with server names that the application may expect, until one succeeds.

    If `sent` is None, first try without a name; do nothing if the endpoint was tried before.
    """
    known_keys = {
        (variant.target, variant.host, variant.port, variant.socket)
        for variant in ctx.observed(UpstreamTalk)
    }
    if (
        sent is None
        and (route.upstream.target, endpoint.host, endpoint.port, endpoint.socket) in known_keys
    ):
        return
    names = upstream_routes.other_names(ctx, route, endpoint, sent or "")
    for name in ("", *names) if sent is None else names:
        variant = await try_variant(ctx, route, endpoint, address, secure=True, name=name)
        if variant.failure is None:
            break


async def try_variant(
    ctx: ProbeContext,
    route: UpstreamRoute,
    endpoint: Endpoint,
    address: str,
    *,
    secure: bool,
    name: str = "",
) -> UpstreamTalk:
    """Try the upstream with another scheme or SNI."""
    if ctx.machine.via != "local":
        at = ctx.elapsed()
        result, command = await _run_curl(
            ctx, route, endpoint, secure, name, address, route.upstream_path
        )
        curl_attempt = next(iter(curl_output.attempts(result.out)), None)
        curl_attempt = curl_attempt or curl_output.CurlAttempt(
            address, failure=result.failure or Failure("other", "no answer")
        )
        variant = _variant_from_curl(
            route, endpoint, address, curl_attempt, secure, name, False, at, result.took, command
        )
        return ctx.emit(variant)
    if secure:
        return await _try_handshake(ctx, route, endpoint, address, name)
    at = ctx.elapsed()
    sent = upstream_routes.host_header(ctx, route)
    opened = await upstream_routes.open_stream(ctx, endpoint, address, False, "")
    status, failure = None, opened if isinstance(opened, Failure) else None
    if not isinstance(opened, Failure):
        status, _, failure = await upstream_routes.request_page(
            ctx, opened, route.upstream_path, sent, 2.0
        )
    command = _curl_command(route, endpoint, address, sent)
    return ctx.emit(
        _build_variant(
            route,
            endpoint,
            address,
            "http",
            "",
            False,
            at,
            ctx.elapsed() - at,
            command,
            failure,
            status,
        )
    )


async def _try_handshake(
    ctx: ProbeContext,
    route: UpstreamRoute,
    endpoint: Endpoint,
    address: str,
    name: str,
    opened: Stream | None = None,
) -> UpstreamTalk:
    """Perform a handshake: as nginx does on the `opened` stream, else as a variant on a new one."""
    from diagnose.net import tls as net_tls

    at, as_nginx = ctx.elapsed(), opened is not None
    failure, protocol = None, ""
    stream = opened or await upstream_routes.open_stream(ctx, endpoint, address, False, "")
    if isinstance(stream, Failure):
        failure = stream
    else:
        tls_result = await net_tls.secure(
            stream, net_tls.client_context(), name or None, DEFAULT_TIMEOUT
        )
        failure, protocol = tls_result.failure, tls_result.protocol
        if tls_result.stream:
            tls_result.stream.close()
    peer = (
        f"unix:{endpoint.socket}"
        if endpoint.socket
        else f"{upstream_routes.bracketed(address)}:{endpoint.port}"
    )
    sni = ("-servername", name) if name else ("-noservername",)
    command = shlex.join(("openssl", "s_client", "-connect", peer, *sni)) + " </dev/null"
    return ctx.emit(
        _build_variant(
            route,
            endpoint,
            address,
            "https",
            name,
            as_nginx,
            at,
            ctx.elapsed() - at,
            command,
            failure,
            None,
            protocol,
        )
    )


def _variant_from_curl(
    route: UpstreamRoute,
    endpoint: Endpoint,
    address: str,
    curl_attempt: curl_output.CurlAttempt,
    secure: bool,
    name: str,
    as_nginx: bool,
    at: float,
    took: float,
    command: str,
) -> UpstreamTalk:
    """Convert a curl attempt to a variant.

    If a TLS handshake succeeded, later failures do not count.
    """
    failure = None if secure and curl_attempt.secured else curl_attempt.failure
    speaks: Literal["http", "https"] = "https" if secure else "http"
    return _build_variant(
        route,
        endpoint,
        address,
        speaks,
        name,
        as_nginx,
        at,
        took,
        command,
        failure,
        curl_attempt.status,
        curl_attempt.protocol,
    )


def _build_variant(
    route: UpstreamRoute,
    endpoint: Endpoint,
    address: str,
    speaks: Literal["http", "https"],
    name: str,
    as_nginx: bool,
    at: float,
    took: float,
    command: str,
    failure: Failure | None,
    status: int | None = None,
    protocol: str = "",
) -> UpstreamTalk:
    return UpstreamTalk(
        vantage=Vantage.SERVER,
        at=at,
        took=took,
        equivalent=command,
        failure=failure,
        target=route.upstream.target,
        host=endpoint.host,
        port=endpoint.port,
        address=address,
        socket=endpoint.socket,
        speaks=speaks,
        server_name=name,
        as_nginx=as_nginx,
        status=status,
        protocol=protocol,
    )


def _curl_command(
    route: UpstreamRoute, endpoint: Endpoint, address: str, sent: str, secure: bool = False
) -> str:
    argv = ["curl", "-sSik", "-m", "5", "-H", f"Host: {sent}"]
    argv += ["--unix-socket", endpoint.socket] if endpoint.socket else []
    authority = (
        "localhost"
        if endpoint.socket
        else f"{upstream_routes.bracketed(address or endpoint.host)}:{endpoint.port}"
    )
    return shlex.join(
        [*argv, f"{'https' if secure else 'http'}://{authority}{route.upstream_path}"]
    )


async def _run_curl(
    ctx: ProbeContext,
    route: UpstreamRoute,
    endpoint: Endpoint,
    secure: bool,
    name: str,
    address: str,
    path: str,
) -> tuple[CommandResult, str]:
    """Run the server's curl for one address, or for all addresses of a name."""
    sent = upstream_routes.host_header(ctx, route)
    addresses = (address,) if address else (endpoint.host,) if is_address(endpoint.host) else ()
    addresses = (endpoint.socket,) if endpoint.socket else addresses
    words = (endpoint.host, str(endpoint.port), "https" if secure else "http", path, name, sent)
    result = await ctx.machine.run("sh", "-c", TRY_SCRIPT, "sh", *words, *addresses, timeout=14.0)
    return result, _curl_command(route, endpoint, address, sent, secure)
