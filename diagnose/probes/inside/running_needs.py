"""Probe for what a running program lacks, by the line that says most of its log."""

from diagnose.model import Vantage
from diagnose.model.program_logs import ProgramLine
from diagnose.model.services import ProgramNeed
from diagnose.parsers.linux.program_lacks import program_lack_of
from diagnose.parsers.program_place import parse_place
from diagnose.parsers.program_words import MAX_TEXT
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import own_settings, reason_controls
from diagnose.probes.inside.program_needs import emit_need
from diagnose.probes.inside.unit_corrections import PATIENCE
from diagnose.probes.inside.web_folders import web_folders

#: What uWSGI writes for each request where it found no application when it started.
_AT_START = "no python application found"


@probe(after=ProgramLine)
async def need_of_line(ctx: ProbeContext, line: ProgramLine) -> None:
    """Emit what a running program lacks, by the line that says most of its log."""
    is_of_start = _AT_START in line.message
    if program_lack_of(line.message) is None and not is_of_start:
        return
    words = ("sh", "-c", own_settings.SCRIPT, "sh", line.endpoint)
    place = parse_place((await ctx.machine.run(*words, timeout=own_settings.PATIENCE)).out)
    if not place.pid or place.container:
        return
    message = await _start_message(ctx, place.unit) if is_of_start else line.message
    folder = next(web_folders(ctx), "")
    worker = await reason_controls.worker(ctx.machine, place.pid)
    need = ProgramNeed(
        vantage=Vantage.SERVER, at=ctx.elapsed(), equivalent=line.equivalent,
        program=line.process, lack="", message=message, endpoint=line.endpoint,
        unit=place.unit.removesuffix(".service"), is_running=True, starter=place.starter,
    )  # fmt: skip
    await emit_need(ctx, need, (worker, "running", folder if folder.startswith("/") else ""))


async def _start_message(ctx: ProbeContext, unit: str) -> str:
    """Return the last line of a service's journal that names what its program lacks; "" for
    none."""
    if not unit:
        return ""
    words = ("journalctl", "-u", unit, "-b", "-n", "400", "-o", "cat", "--no-pager")
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    lines = [clean(line.strip(), MAX_TEXT) for line in result.out.split("\n")[-400:]]
    return next((line for line in reversed(lines) if program_lack_of(line)), "")
