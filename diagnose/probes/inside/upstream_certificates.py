"""Handshakes with an application whose certificate nginx rejects: for its name, the name that it is
for, and whether it passes the verification under that one; for its chain, whether the chain passes
it at any length."""

import re

from diagnose.model.backends import BackendHandshake
from diagnose.model.containers import NginxContainer
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.tls import Certificate
from diagnose.model.web_servers import SiteRoute
from diagnose.probes import ProbeContext, probe

#: What nginx writes (ngx_http_upstream.c).
_REJECTED = "upstream SSL certificate does not match"
#: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY and _CERT_CHAIN_TOO_LONG: what a chain gets that is
#: longer than proxy_ssl_verify_depth.
_TOO_LONG = re.compile(r"upstream SSL certificate verify error: \((?:20|22):")


@probe(after=LogLine, needs=NginxConfig)
async def after_a_rejection(ctx: ProbeContext, line: LogLine, config: NginxConfig) -> None:
    """The files of an nginx in a container are none of the server's, where openssl runs."""
    is_too_long = _TOO_LONG.search(line.text) is not None
    is_rejected = is_too_long or _REJECTED in line.text
    if not is_rejected or ctx.observed(NginxContainer):
        return
    # Imported late: few applications are asked over TLS.
    from diagnose.probes.inside import upstream_routes

    for route in upstream_routes.find_routes(ctx, config):
        target, endpoints = route.upstream.target, route.upstream.endpoints
        trusted = route.place.directive("proxy_ssl_trusted_certificate")
        file = trusted.args[0] if trusted and trusted.args else ""
        is_whole = file.startswith("/") and "$" not in file and not endpoints[0].socket
        is_verified = route.upstream.secure and is_whole
        if not is_verified or not ctx.further_requests.begin(f"the certificate of {target}"):
            continue
        place = SiteRoute(
            path="/",
            target=target,
            scheme="https",
            host=endpoints[0].host,
            port=endpoints[0].port,
            authorities=file,
        )
        sent = upstream_routes.server_name(ctx, route)
        if is_too_long:
            await _leaf(ctx, place, sent)
        else:
            await _find_name(ctx, place, sent)


async def _find_name(ctx: ProbeContext, place: SiteRoute, sent: str) -> None:
    """Try the names that the application may have, until its certificate is for one: the host as
    the configuration has it, the site's own name, and the one in the certificate that comes first,
    which may be that of another site there."""
    from diagnose.parsers.hostnames import covers, is_address, plain_name

    first = await _leaf(ctx, place, sent)
    known = () if is_address(place.host) or place.host == "localhost" else (place.host,)
    for name in dict.fromkeys(
        (*known, ctx.target.host, plain_name(first.dns_names if first else ()))
    ):
        leaf = await _leaf(ctx, place, name) if first and name and name != sent else None
        if leaf and covers(name, leaf.dns_names, leaf.addresses):
            return


async def _leaf(ctx: ProbeContext, place: SiteRoute, name: str) -> Certificate | None:
    from diagnose.probes.inside.backends import shake

    await shake(ctx, place, name)
    seen = [
        backend_handshake
        for backend_handshake in ctx.observed(BackendHandshake)
        if backend_handshake.target == place.target
    ]
    chain = seen[-1].chain if seen and seen[-1].server_name == name else ()
    return chain[0] if chain else None
