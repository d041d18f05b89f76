"""Probe for processes that have run out of files.

Each connection is one, and a process at its limit (getrlimit(2), RLIMIT_NOFILE) accepts none. The
kernel still opens connections for it, until the queue of its port is full.
"""

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.resources import OpenDescriptors
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.linux.resources import parse_descriptors
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "descriptors.sh")

#: How visitors fail to whom nobody answers, or whose connection nginx gives to others.
_UNSERVED = {"timeout", "closed", "reset"}


@probe(after=Handshake, needs=Listeners)
async def of_handshake(ctx: ProbeContext, handshake: Handshake, listeners: Listeners) -> None:
    """Read the files of the target's processes when a handshake gets no answer."""
    failure = handshake.failure
    if handshake.is_browser_like and failure is not None and failure.kind in _UNSERVED:
        await _read(ctx, listeners, handshake.port)


@probe(after=Exchange, needs=Listeners)
async def of_page(ctx: ProbeContext, exchange: Exchange, listeners: Listeners) -> None:
    """Read them when the page does not come."""
    if exchange.is_page_of(ctx.target) and exchange.failure:
        await _read(ctx, listeners, exchange.port)


@probe(after=UpstreamTry, needs=Listeners)
async def of_application(ctx: ProbeContext, attempt: UpstreamTry, listeners: Listeners) -> None:
    """Read those of an application that does not answer."""
    if attempt.failure is not None and attempt.failure.kind in _UNSERVED:
        await _read(ctx, listeners, attempt.port)


async def _read(ctx: ProbeContext, listeners: Listeners, port: int) -> None:
    """Do it once for a port on which something listens here."""
    if not listeners.on(port) or any(
        open_descriptors.port == port for open_descriptors in ctx.observed(OpenDescriptors)
    ):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(port))
    users = parse_descriptors(result.out)
    if users and not any(descriptors.port == port for descriptors in ctx.observed(OpenDescriptors)):
        ctx.emit(
            OpenDescriptors(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"ss -ltnp 'sport = :{port}'; ls /proc/{users[0].pid}/fd | wc -l; "
                f"grep 'open files' /proc/{users[0].pid}/limits",
                port=port,
                users=users,
            )
        )
