"""Looks for what fills a file system that has no room left."""

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.resources import FileSystem, LargeFiles
from diagnose.parsers.linux.large_files import parse_large_files
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "large_files.sh")
#: The part of a file system that a large file has, the least in KiB, and seconds to look.
_PART, _LEAST, PATIENCE = 100, 16, 14.0


@probe(after=FileSystem)
async def large_files(ctx: ProbeContext, system: FileSystem) -> None:
    if not system.has_no_room or system.is_image:
        return
    at, folder = ctx.elapsed(), system.paths[0]
    least = max(_LEAST, system.size // _PART // 1024)
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", folder, str(least), timeout=PATIENCE)
    files = sorted(parse_large_files(result.out), key=lambda file: -file.size)
    if files:
        ctx.emit(
            LargeFiles(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=f"du -xah {folder} | sort -h | tail -n 20",
                folder=folder,
                files=tuple(files),
            )
        )
