"""Probe for the processes that hold a port on which nothing answers in time: stopped ones accept
nothing, and the kernel still opens connections for them (listen(2), signal(7)).

The holders of the target's port after a silent connection or handshake are read with the rest of
what the kernel shows then (`diagnose.probes.inside.kernel`).
"""

from diagnose.machine.script_files import read_script
from diagnose.model import Observation, Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import UpstreamTry
from diagnose.model.processes import PortHolders
from diagnose.model.server import Listeners
from diagnose.parsers.linux.processes import parse_holders
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "port_holders.sh")


@probe(after=Exchange, needs=Listeners)
async def of_page(ctx: ProbeContext, exchange: Exchange, listeners: Listeners) -> None:
    """Read the holders of the target's port when its page does not come."""
    if exchange.is_page_of(ctx.target):
        await _read(ctx, listeners, exchange, exchange.port)


@probe(after=UpstreamTry, needs=Listeners)
async def of_application(ctx: ProbeContext, attempt: UpstreamTry, listeners: Listeners) -> None:
    """Read the holders of an application's port when it does not answer."""
    await _read(ctx, listeners, attempt, attempt.port)


@probe(after=Upgrade, needs=Listeners)
async def of_websocket(ctx: ProbeContext, upgrade: Upgrade, listeners: Listeners) -> None:
    """Read the holders of an application's port when it does not answer a handshake."""
    if upgrade.through == "application":
        await _read(ctx, listeners, upgrade, upgrade.port)


async def _read(ctx: ProbeContext, listeners: Listeners, attempt: Observation, port: int) -> None:
    """Do it after a timeout, once for a port on which something listens here."""
    if attempt.failure is None or attempt.failure.kind != "timeout":
        return
    if listeners.on(port) and not any(
        port_holders.port == port for port_holders in ctx.observed(PortHolders)
    ):
        at = ctx.elapsed()
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(port))
        emit_holders(ctx, at, port, result.out)


def emit_holders(ctx: ProbeContext, at: float, port: int, text: str) -> None:
    """Emit the processes of a port, as /proc/PID/stat shows them. Nothing if none was readable."""
    if holders := parse_holders(text):
        ctx.emit(
            PortHolders(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"ss -ltnp 'sport = :{port}'; ps -eo pid,stat,wchan:20,comm",
                port=port,
                holders=holders,
            )
        )
