"""Reads how often the hub of a program of .NET sends a ping, after a client of SignalR has waited
for one in vain. Only that line is kept (docs/adr/0092)."""

import posixpath
from collections.abc import Iterator

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.parsers.hub_timeouts import late_interval, told_timeout
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.read_settings import is_plain
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE
from diagnose.probes.inside.websocket_programs import websocket_programs

#: Seconds for the script.
_PATIENCE = 5.0
#: The files that a program reads, the later over the earlier (ASP.NET Core, "Default application
#: configuration sources"); Production is the environment without a setting.
_FILES = ("appsettings.Production.json", "appsettings.json")


async def emit_hub_intervals(ctx: ProbeContext, script: str) -> None:
    """Emit the line of each program behind the site's WebSockets; `script` is program_place.sh with
    what it needs."""
    timeout_s = told_timeout(ctx.target.symptom)
    for endpoint in websocket_programs(ctx):
        if ctx.further_requests.begin(f"the pings of {endpoint}"):
            result = await ctx.machine.run("sh", "-c", script, "sh", endpoint, timeout=_PATIENCE)
            await _emit(ctx, parse_place(result.out), timeout_s)


def _folders(place: ProgramPlace) -> Iterator[str]:
    """Yield the program's folder, and that of its file: dotnet is told the path of a .dll."""
    if place.folder not in {"", "/"}:
        yield place.folder
    for word in place.words[:3]:
        path = posixpath.normpath(posixpath.join(place.folder or "/", word))
        if word.endswith(".dll") or word == place.words[0]:
            yield posixpath.dirname(path)


async def _emit(ctx: ProbeContext, place: ProgramPlace, timeout_s: float) -> None:
    if not place.pid or place.container or place.is_front:
        return
    for folder in dict.fromkeys(_folders(place)):
        for name in _FILES:
            path = posixpath.join(folder, name)
            file = await ctx.machine.read(path, MAX_FILE)
            line = None if file.failure else late_interval(file.text, timeout_s)
            if line is None or not is_plain(line.line):
                continue
            ctx.emit(
                ReadSetting(
                    vantage=Vantage.SERVER, at=ctx.elapsed(), application="program",
                    topic="keep-alive-interval", key=line.key, file=file.real or path,
                    number=line.number, line=line.line, new=line.new, process=place.process,
                    unit=place.unit, starter=place.starter,
                )
            )  # fmt: skip
            return
