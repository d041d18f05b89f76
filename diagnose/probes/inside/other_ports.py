"""Probe for a site that nginx serves with TLS on another port alone: what visitors meet there is
not known, since this run asks the target's port."""

from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.probes import ProbeContext, emit_not_observed, probe


@probe(after=Connection, needs=NginxConfig)
async def after_the_connection(ctx: ProbeContext, _: Connection, __: NginxConfig) -> None:
    _report(ctx)


@probe(after=Listeners, needs=NginxConfig)
async def after_the_listeners(ctx: ProbeContext, _: Listeners, __: NginxConfig) -> None:
    _report(ctx)


def _report(ctx: ProbeContext) -> None:
    """Report the other port once, if the target's refuses and nothing listens there."""
    target, listings = ctx.target, ctx.observed(Listeners)
    attempts = [attempt for attempt in ctx.observed(Connection) if attempt.port == target.port]
    is_refused = any(attempt.failure and attempt.failure.kind == "refused" for attempt in attempts)
    is_open = any(attempt.failure is None for attempt in attempts)
    if not target.uses_tls or not is_refused or is_open or not listings:
        return
    # Imported late: most ports answer.
    from diagnose.parsers.nginx.other_ports import reachable_tls_port

    mains = (config.main for config in ctx.observed(NginxConfig))
    port = reachable_tls_port(mains, listings, target.host)
    is_missing = not any(listing.on(target.port) for listing in listings)
    if port and is_missing and ctx.further_requests.begin("the site at another port"):
        url = f"https://{target.host}:{port}{target.path}"
        what = f"the requests at {url}"
        emit_not_observed(ctx, what, "this run asks another port", f"diagnose {url}")
