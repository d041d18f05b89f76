"""Probes for the cloud that the server is in: which one, which instance, and its rules.

They run where a port of the target does not answer, or where `--cloud` asks for it on the server
itself, which cannot see what stands in front of it. Where TLS for the target's name is reset, only
the cloud and its region are read. This module is imported only then (`probes.AFTER_FAILURE`), and
the rest only if the firmware names a cloud: a healthy site and a machine in no cloud pay nothing.
Providers of other packages are asked only with `--cloud`: to list the packages takes 20 ms.
"""

from diagnose.model import Host, Vantage
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.probes import ProbeContext, probe


@probe(after=Connection)
async def unanswered(ctx: ProbeContext, connection: Connection) -> None:
    """Look once, at the first port that does not answer, or at the first that is the server's own
    where the user asked."""
    if not (_is_silent(connection) or _is_asked_here(ctx)):
        return
    first = next(filter(_is_of_target, ctx.observed(Connection)), None)
    silent = next(filter(_is_silent, ctx.observed(Connection)), None)
    if connection is (first if _is_asked_here(ctx) else silent):
        await _read_rules(ctx)


@probe(after=Host)
async def server_alone(ctx: ProbeContext, host: Host) -> None:
    """Look at once where only the server itself is examined: there are no connections."""
    if host.vantage is Vantage.SERVER and ctx.options.cloud and not ctx.options.outside:
        await _read_rules(ctx)


@probe(after=Handshake)
async def name_reset(ctx: ProbeContext, handshake: Handshake) -> None:
    """Identify the server's cloud once, at the first reset: in some regions a name needs a filing.
    A port that does not answer, or `--cloud`, does so too."""
    if not _is_reset(handshake) or not ctx.options.wants("cloud") or ctx.options.cloud:
        return
    first = next(filter(_is_reset, ctx.observed(Handshake)))
    if first is handshake and not any(map(_is_silent, ctx.observed(Connection))):
        from diagnose.cloud.firmware import cloud_of
        from diagnose.probes.firmware import read_dmi

        if cloud_of(dmi := await read_dmi(ctx.machine)):
            from diagnose.probes.cloud_rules import identify_server

            await identify_server(ctx, dmi)


async def _read_rules(ctx: ProbeContext) -> None:
    if not ctx.options.wants("cloud"):
        return
    from diagnose.cloud.firmware import cloud_of
    from diagnose.probes.firmware import read_dmi

    dmi = await read_dmi(ctx.machine)
    if ctx.options.cloud or cloud_of(dmi):
        from diagnose.probes.cloud_rules import look_on_server

        await look_on_server(ctx, dmi)


def _is_of_target(connection: Connection) -> bool:
    return connection.purpose == "target" and connection.vantage is Vantage.HERE


def _is_reset(handshake: Handshake) -> bool:
    failure = handshake.failure
    is_visit = handshake.variant == "normal" and handshake.vantage is Vantage.HERE
    return is_visit and failure is not None and failure.kind == "reset"


def _is_silent(connection: Connection) -> bool:
    failure = connection.failure
    return _is_of_target(connection) and failure is not None and failure.kind == "timeout"


def _is_asked_here(ctx: ProbeContext) -> bool:
    return ctx.options.cloud and ctx.machine.via == "local"
