"""The probe for the largest log of a file system that has no room: what takes it most often."""

import re

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.resources import FileSystem, LargestLog
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "large_logs.sh")
#: Seconds for the script.
PATIENCE = 8.0
#: Less of a file system than this part is not why it has no room, unless it is this large.
_PART, _LARGE = 5, 2**30

_LINE = re.compile(r"(\d{1,15}) (/[^\n]{1,400})(?:\ncontainer ([\w.-]{1,128}))?")


@probe(after=FileSystem)
async def largest_log(ctx: ProbeContext, system: FileSystem) -> None:
    if not system.has_no_room:
        return
    at, folder = ctx.elapsed(), system.paths[0]
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", folder, timeout=PATIENCE)
    found = _LINE.match(result.out)
    size = int(found[1]) * 512 if found else 0
    if found is None or size < min(system.size // _PART, _LARGE):
        return
    ctx.emit(
        LargestLog(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent="du -x /var/log /var/lib/docker/containers | sort -n | tail",
            folder=folder,
            path=clean(found[2], 400),
            size=size,
            container=clean(found[3] or "", 128),
        )
    )
