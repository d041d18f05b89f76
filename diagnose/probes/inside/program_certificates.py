"""Looks for a renewed certificate on the server where a program that is no web server has the port,
such as Node.js, and visitors get one that has expired or expires soon. It lies in a usual folder,
or in one that the program's arguments, environment or settings name.
"""

from diagnose.machine.script_files import read_script
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.other_nginx import MAX_FOLDERS, emit_replacements, expires_soon
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

SCRIPT = read_script(__file__, "program_certificates.sh")
#: Programs whose certificates are looked for elsewhere, by their configuration.
_SERVERS = WEB_SERVERS | CONTAINER_PROCESSES


@probe(after=Handshake, needs=Listeners)
async def renewed(ctx: ProbeContext, handshake: Handshake, listeners: Listeners) -> None:
    programs = {listener.process for listener in listeners.on(ctx.target.port)}
    is_other = programs and None not in programs and programs.isdisjoint(_SERVERS)
    if is_other and is_first(ctx, handshake, _is_old):
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(ctx.target.port))
        folders = [row for row in result.out.splitlines() if row.startswith("/")]
        await emit_replacements(ctx, handshake.chain[0], folders[:MAX_FOLDERS])


def _is_old(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Return whether a visitor got a certificate of the name that has to be renewed."""
    if handshake.port != ctx.target.port or not handshake.chain or not handshake.is_browser_like:
        return False
    leaf = handshake.chain[0]
    return expires_soon(leaf) and covers(ctx.target.host, leaf.dns_names, leaf.addresses)
