"""The services that start the clients of tunnels, whether they run, and why a client has no
connection by its own log."""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.processes import TunnelService
from diagnose.parsers.tunnel_services import parse_services
from diagnose.parsers.tunnels import config_files, ends_of_command, ends_of_config
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "tunnel_services.sh")

#: Maximum bytes of a configuration.
MAX_BYTES = 65536


async def emit_services(ctx: ProbeContext) -> None:
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    for service in parse_services(result.out):
        ends, path = ends_of_command(service.words), ""
        for file in () if ends else config_files(service.words, "/"):
            read = await ctx.machine.read(file, MAX_BYTES)
            if read.text:
                path, ends = file, ends_of_config(service.program, read.text)
                break
        names = dict.fromkeys(name for end in ends for name in end.names)
        ctx.emit(
            TunnelService(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"systemctl status {shlex.quote(service.unit)}",
                program=service.program,
                unit=service.unit,
                state=service.state,
                unit_state=service.unit_state,
                file=path,
                names=tuple(names)[:16],
                refusal=service.refusal,
                line=service.line,
            )
        )
