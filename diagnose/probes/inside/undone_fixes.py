"""Probe for fixes that were cut off and that the server undid by itself.

The fix could not tell its user: the connection was lost, the program killed, or the machine
restarted. A mark beside its journal stays until `diagnose fix` has told somebody.
"""

import posixpath
import shlex

from diagnose.model import Host, Vantage
from diagnose.model.fixes import UndoneFix
from diagnose.parsers.fix_journal import parse_plan
from diagnose.probes import ProbeContext, probe

#: The marks (diagnose/fixing/shell/automatic_undo.sh). Only root can see them.
MARKS = "/var/lib/diagnose/*/unreported"

#: Maximum number of fixes that are reported.
MAX_FIXES = 5


@probe(after=Host)
async def undone_fixes(ctx: ProbeContext, host: Host) -> None:
    if host.vantage is not Vantage.SERVER or not host.privileged:
        return
    for mark in (await ctx.machine.glob(MARKS))[-MAX_FIXES:]:
        folder = posixpath.dirname(mark)
        at, path = ctx.elapsed(), f"{folder}/journal"
        plan = parse_plan((await ctx.machine.read(path)).text)
        if plan is not None:
            ctx.emit(
                UndoneFix(
                    vantage=Vantage.SERVER,
                    at=at,
                    equivalent=f"cat {shlex.quote(path)}",
                    check=plan.check,
                    target=plan.target,
                    begun_at=plan.begun_at,
                    folder=folder,
                )
            )
