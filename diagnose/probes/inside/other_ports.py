"""Probes for a port that refuses. A site that nginx serves with TLS on another port alone: what
visitors meet there is not known, since this run asks the target's port. And a site on port 80
alone: a certificate for its name may lie on the server."""

import posixpath

from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes import ProbeContext, emit_not_observed, probe


@probe(after=Connection, needs=NginxConfig)
async def after_the_connection(ctx: ProbeContext, _: Connection, config: NginxConfig) -> None:
    _report(ctx)
    await _look_for_certificates(ctx, config.path)


@probe(after=Listeners, needs=NginxConfig)
async def after_the_listeners(ctx: ProbeContext, _: Listeners, config: NginxConfig) -> None:
    _report(ctx)
    await _look_for_certificates(ctx, config.path)


@probe(after=Connection, needs=WebServerConfig)
async def beside_other_servers(ctx: ProbeContext, _: Connection, config: WebServerConfig) -> None:
    await _look_for_certificates(ctx, config.path)


def _is_closed(ctx: ProbeContext) -> bool:
    """Return whether the target's port of TLS refuses, and nothing listens there."""
    target, listings = ctx.target, ctx.observed(Listeners)
    attempts = [attempt for attempt in ctx.observed(Connection) if attempt.port == target.port]
    is_refused = any(attempt.failure and attempt.failure.kind == "refused" for attempt in attempts)
    is_open = any(attempt.failure is None for attempt in attempts)
    is_listening = any(listing.on(target.port) for listing in listings)
    return target.uses_tls and is_refused and not is_open and bool(listings) and not is_listening


async def _look_for_certificates(ctx: ProbeContext, config: str) -> None:
    """Emit the certificates that lie on the server, once."""
    if _is_closed(ctx) and ctx.further_requests.begin("the certificates of a closed port"):
        # Imported late: most ports answer.
        from diagnose.probes.inside.stored_certificates import emit_stored_certificates

        await emit_stored_certificates(ctx, posixpath.dirname(config))


def _report(ctx: ProbeContext) -> None:
    """Report the other port once, if the target's refuses and nothing listens there."""
    if not _is_closed(ctx):
        return
    target = ctx.target
    # Imported late: most ports answer.
    from diagnose.parsers.nginx.other_ports import reachable_tls_port

    mains = (config.main for config in ctx.observed(NginxConfig))
    port = reachable_tls_port(mains, ctx.observed(Listeners), target.host)
    if port and ctx.further_requests.begin("the site at another port"):
        url = f"https://{target.host}:{port}{target.path}"
        what = f"the requests at {url}"
        emit_not_observed(ctx, what, "this run asks another port", f"diagnose {url}")
