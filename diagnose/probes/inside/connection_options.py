"""Probe that repeats an accepted handshake with Connection as Firefox sends it, where a condition
of the web server compares that whole field. If it is refused, the first is repeated as it was.
"""

from diagnose.model.http import Upgrade
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.exact_connection import exact_conditions
from diagnose.probes import ProbeContext, probe


@probe(after=Upgrade)
async def accepted(ctx: ProbeContext, upgrade: Upgrade) -> None:
    for config in ctx.observed(WebServerConfig)[:1]:
        await _repeat(ctx, upgrade, config)


@probe(after=WebServerConfig)
async def accepted_before(ctx: ProbeContext, config: WebServerConfig) -> None:
    for upgrade in ctx.observed(Upgrade):
        await _repeat(ctx, upgrade, config)


async def _repeat(ctx: ProbeContext, upgrade: Upgrade, config: WebServerConfig) -> None:
    if not (upgrade.is_visit and upgrade.accepted and ctx.options.outside):
        return
    if not any(any(exact_conditions(config.product, file.text)) for file in config.files):
        return
    if not ctx.further_requests.begin(f"Connection at {upgrade.path}"):
        return
    # Imported late: few sites have such a condition.
    from diagnose.probes.outside.websocket_handshakes import HandshakeAttempt, try_handshake

    attempt = HandshakeAttempt(upgrade.address, upgrade.path, "two-options")
    repeated = await try_handshake(ctx, attempt)
    if repeated is not None and not repeated.accepted:
        await try_handshake(ctx, HandshakeAttempt(upgrade.address, upgrade.path, "again"))
