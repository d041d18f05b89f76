"""Probes for visitors blocked by something other than packet filter rules.

They read fail2ban's list, routes that discard packets, and the return route to the visitor of this
run (option --from) or, without one, to the SSH client.

fail2ban is queried only if it runs. Nothing is changed. One packet is sent, and only if the visitor
of --from would be a neighbour on a container engine's bridge: the kernel then asks there who has
the address.
"""

import re
import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.server import LostReplies
from diagnose.model.visitor import ClosedRoutes, Jails, ReturnRoute
from diagnose.parsers.linux import bans as ban_parser
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe

#: Maximum bytes of a tool's output.
MAX_BYTES = 1_000_000

SCRIPT = read_script(__file__, "bans.sh")

_PART = re.compile(r"^@@@ (\w+)(?: (\S+) (\S+))?\n", re.MULTILINE)


@probe()
async def bans(ctx: ProbeContext) -> None:
    at = ctx.elapsed()
    result = await ctx.machine.run(
        "sh", "-c", SCRIPT, "sh", str(MAX_BYTES), ctx.options.visitor or ""
    )
    routes, parts = "", _parts(result.out)
    _emit_lost_visitor(ctx, at, {name: (device, text) for name, device, _, text in parts})
    for name, source, towards, text in parts:
        if name == "fail2ban":
            _emit_jails(ctx, at, result.took, text)
        elif name == "way":
            _emit_return_route(ctx, at, source, towards, text)
        elif name.startswith("routes"):
            routes += text
    closed_routes, unread_count = ban_parser.closed_routes(routes)
    if closed_routes:
        ctx.emit(
            ClosedRoutes(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent="ip route show table all; ip -6 route show table all",
                routes=closed_routes,
                more=unread_count,
            )
        )


def _parts(out: str) -> list[tuple[str, str, str, str]]:
    fields = _PART.split(out)
    return list(zip(fields[1::4], fields[2::4], fields[3::4], fields[4::4], strict=True))


def _emit_jails(ctx: ProbeContext, at: float, took: float, text: str) -> None:
    command = "fail2ban-client banned"
    if not text.lstrip().startswith("["):
        denied = "ermission denied" in text or "must be root" in text
        reason = "needs root" if denied else clean(text, 200) or "no answer"
        emit_not_observed(ctx, "whom fail2ban has banned", reason, f"sudo {command}", at=at)
        return
    jails, unread_count = ban_parser.jails(text)
    ctx.emit(
        Jails(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=command,
            jails=jails,
            more=unread_count,
        )
    )


def _emit_return_route(ctx: ProbeContext, at: float, source: str, towards: str, text: str) -> None:
    if ban_parser.network(source) is None or ban_parser.network(towards) is None:
        return
    refusal = ban_parser.refusal(text)
    ctx.emit(
        ReturnRoute(
            vantage=Vantage.SERVER,
            at=at,
            equivalent=f"ip route get {towards} from {source}",
            failure=Failure("route", clean(text, 200)) if refusal is None else None,
            source=source,
            towards=towards,
            refusal=refusal or "",
        )
    )


def _emit_lost_visitor(ctx: ProbeContext, at: float, parts: dict[str, tuple[str, str]]) -> None:
    """The visitor would be a neighbour on a bridge of containers, and nobody there has the
    address."""
    visitor = ctx.options.visitor or ""
    device, neighbour = parts.get("neighbour", ("", ""))
    if not visitor or not ban_parser.is_nobody(neighbour):
        return
    name, project = ban_parser.engine_network(parts.get("engine", ("", ""))[1], device)
    ctx.emit(
        LostReplies(
            vantage=Vantage.SERVER,
            at=at,
            equivalent=shlex.join(("ip", "route", "get", visitor))
            + "; "
            + shlex.join(("ip", "neigh", "show", "dev", device)),
            device=device,
            network=ban_parser.narrowest(parts.get("network", ("", ""))[1]),
            visitors=(visitor,),
            is_told=True,
            engine_network=name,
            project=project,
        )
    )
