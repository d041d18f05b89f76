"""Reads which line of a program's own script, or of Spring Cloud Gateway's settings, limits the
messages of its WebSockets, after a person or its own log tells that one was too large. Only that
line is kept (docs/adr/0092)."""

import posixpath
from collections.abc import Iterable

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.parsers.header_sizes import SizeLine
from diagnose.parsers.message_limits import SCRIPTS, WIDE, message_limits, suspected_limit
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.read_settings import is_plain
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE
from diagnose.probes.inside.websocket_programs import websocket_programs

#: Seconds for the script.
_PATIENCE = 5.0


async def emit_message_limits(ctx: ProbeContext, script: str) -> None:
    """Emit the line of each program behind the site's WebSockets; `script` is program_place.sh with
    what it needs."""
    if not suspected_limit(ctx.target.symptom):
        return
    for endpoint in websocket_programs(ctx):
        if ctx.further_requests.begin(f"the largest message of {endpoint}"):
            result = await ctx.machine.run("sh", "-c", script, "sh", endpoint, timeout=_PATIENCE)
            await _emit(ctx, parse_place(result.out), suspected_limit(ctx.target.symptom))


async def emit_told_limit(ctx: ProbeContext, place: ProgramPlace) -> None:
    """Emit the line of the program that wrote of a large message into its own log."""
    # Imported late: few programs write that.
    from diagnose.parsers.spring_frames import spring_frame_limit
    from diagnose.probes.inside.header_settings import YAML, spring_files

    for path in [] if place.container or not place.pid else spring_files(place):
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is None:
            limit = spring_frame_limit(file.text, path.endswith(YAML))
            _emit_lines(ctx, place, file.real or path, (limit,) if limit else ())
            return
    await _emit(ctx, place, WIDE)


async def _emit(ctx: ProbeContext, place: ProgramPlace, below: int) -> None:
    word = next((each for each in place.words[:8] if each.endswith(SCRIPTS)), "")
    path = posixpath.normpath(posixpath.join(place.folder or "/", word))
    is_library = "/node_modules/" in path or "/site-packages/" in path
    if not place.pid or place.container or place.is_front or not word or is_library:
        return
    file = await ctx.machine.read(path, MAX_FILE)
    if file.failure is not None:
        return
    _emit_lines(ctx, place, file.real or path, message_limits(file.text, path, below))


def _emit_lines(
    ctx: ProbeContext, place: ProgramPlace, path: str, lines: Iterable[SizeLine]
) -> None:
    for line in lines:
        if is_plain(line.line):
            ctx.emit(
                ReadSetting(
                    vantage=Vantage.SERVER, at=ctx.elapsed(), application="program",
                    topic="message-limit", key=line.key, file=path, number=line.number,
                    line=line.line, new=line.new, added=line.added, process=place.process,
                    unit=place.unit, starter=place.starter,
                )
            )  # fmt: skip
