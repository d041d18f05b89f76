"""What the program of a service that could not start lacks, where this server shows what brings it.
Read only after the program itself has named it."""

import shlex

from diagnose.model import Vantage
from diagnose.model.addresses import is_loopback
from diagnose.model.program_logs import ToldReason
from diagnose.model.server import Listeners
from diagnose.model.services import StartNeed
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.linux.start_needs import Need, lack_of, parse_need
from diagnose.parsers.linux.unit_corrections import Correction
from diagnose.parsers.log_reasons import LogReason, log_reasons
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext
from diagnose.probes.inside import peer_services
from diagnose.probes.inside.unit_corrections import PATIENCE, SCRIPT, record_correction


async def emit_need(ctx: ProbeContext, unit: str, message: str) -> None:
    """Emit what the program of a service lacks, by the line that says most of its journal, once for
    each service."""
    if any(start_need.unit == unit for start_need in ctx.observed(StartNeed)):
        return
    at = ctx.elapsed()
    if lack := lack_of(message):
        words = (f"{unit}.service", lack.kind, lack.name)
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *words, timeout=PATIENCE)
        need = parse_need(lack, result.out)
        if isinstance(need, Correction):
            record_correction(ctx, unit, need, at)
        elif need is not None:
            ctx.emit(_observed(ctx, unit, lack.name, need, at))
        return
    for reason in log_reasons(message, ""):
        if reason.kind == "unreached" and (service := await _service(ctx, reason)):
            ctx.emit(_observed(ctx, unit, f"{reason.host}:{reason.port}", Need(), at, service))
            return


async def _service(ctx: ProbeContext, reason: LogReason) -> str:
    """Return the service of this server that should listen at an address and does not run, "" if
    none is known."""
    is_here = reason.host == "localhost" or (is_address(reason.host) and is_loopback(reason.host))
    if not is_here or any(listener.on(reason.port) for listener in ctx.observed(Listeners)):
        return ""
    service_reason = ToldReason(
        vantage=Vantage.SERVER, reason="unreached", message=reason.text, endpoint="",
        host=reason.host, port=reason.port,
    )  # fmt: skip
    return (await peer_services.peer(ctx.machine, service_reason)).service


def _observed(
    ctx: ProbeContext, unit: str, name: str, need: Need, at: float, service: str = ""
) -> StartNeed:
    return StartNeed(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=f"systemctl cat {shlex.quote(unit)}",
        unit=unit,
        name=clean(name, 300),
        installer=need.installer,
        tool=need.tool,
        folder=need.folder,
        file=need.file,
        owner=need.owner,
        home=need.home,
        with_development=need.with_development,
        build=need.build,
        blocked=need.blocked,
        service=service,
    )
