"""Looks for a renewed certificate on the server where a program that is no web server has the port,
such as Node.js, and visitors get one that has expired or expires soon.
"""

from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.containers import ENGINES
from diagnose.probes.inside.other_nginx import emit_replacements, expires_soon
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

#: Programs whose certificates are looked for elsewhere, by their configuration.
_SERVERS = WEB_SERVERS | ENGINES


@probe(after=Handshake)
async def after_handshake(ctx: ProbeContext, handshake: Handshake) -> None:
    old = [handshake for handshake in ctx.observed(Handshake) if _is_old(ctx, handshake)]
    listeners = ctx.observed(Listeners)
    if listeners and old and old[0] is handshake:
        await _compare_certificates(ctx, listeners[0], handshake)


@probe(after=Listeners)
async def after_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    """Do the same where the certificate was seen before the listening sockets."""
    for handshake in [
        handshake for handshake in ctx.observed(Handshake) if _is_old(ctx, handshake)
    ][:1]:
        await _compare_certificates(ctx, listeners, handshake)


def _is_old(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Return whether a visitor got a certificate of the name that has to be renewed."""
    if handshake.port != ctx.target.port or not handshake.chain or not handshake.is_browser_like:
        return False
    leaf = handshake.chain[0]
    return expires_soon(leaf) and covers(ctx.target.host, leaf.dns_names, leaf.addresses)


async def _compare_certificates(
    ctx: ProbeContext, listeners: Listeners, handshake: Handshake
) -> None:
    programs = {listener.process for listener in listeners.on(ctx.target.port)}
    if programs and None not in programs and programs.isdisjoint(_SERVERS):
        await emit_replacements(ctx, handshake.chain[0])
