"""Looks into the other containers for a file that nginx in its container does not have: often the
application's container has the static files, and nginx's lacks the mount."""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.site_folders import FileHolder
from diagnose.parsers.linux.held_files import held_file
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "other_containers.sh")


async def emit_holder(ctx: ProbeContext, path: str, own: NginxContainer) -> FileHolder | None:
    """Emit and return the container that has the file; None if no other one has it."""
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", path, own.digest)
    held = held_file(result.out, path)
    if held is None:
        return None
    engine = own.engine or "docker"
    return ctx.emit(
        FileHolder(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join((engine, "exec", held.container[:12], "ls", "-l", path)),
            path=path,
            container=held.container,
            source=held.source,
            volume=held.volume,
            point=held.point,
        )
    )
