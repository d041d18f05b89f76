"""Looks at what the program behind the site waits for: connections that it opens and that get no
reply. Read after the site has failed, while the requests of this run or of visitors still wait.
"""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.program_logs import PendingConnection
from diagnose.parsers.linux.pending_connections import parse_pending
from diagnose.parsers.linux.unit_rules import denied_address
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unit_rules import read_rules

SCRIPT = read_script(__file__, "pending_connections.sh")

#: Seconds for two readings, one second apart.
PATIENCE = 6.0


async def emit_pending(ctx: ProbeContext, endpoint: str) -> None:
    """Emit the connections of the programs that listen at a port or a Unix socket."""
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", endpoint, timeout=PATIENCE)
    waiting = parse_pending(result.out)
    rules = (await read_rules(ctx.machine, endpoint)).get(endpoint) if waiting else None
    for pending in waiting:
        # The proxy of a container engine waits for the container: that is the application.
        if pending.process in CONTAINER_PROCESSES:
            continue
        filter_words = ("dport", "=", ":53") if pending.is_dns else ("state", "syn-sent")
        option = "-unp" if pending.is_dns else "-tnp"
        setting = denied_address(rules, pending.address) if rules else ""
        ctx.emit(
            PendingConnection(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=shlex.join(("ss", option, *filter_words)),
                endpoint=endpoint,
                process=pending.process,
                pid=pending.pid,
                address=pending.address,
                port=pending.port,
                is_dns=pending.is_dns,
                setting=setting,
                unit=rules.unit if rules and setting else "",
            )
        )
