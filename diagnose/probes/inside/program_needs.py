"""What the program behind a site lacks that runs and answers with an error, or that pm2 or
supervisor starts in vain, where this server shows what brings it. Read only after the program
itself has named it."""

import posixpath
import shlex
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.processes import Starter
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.services import ProgramNeed
from diagnose.parsers.linux.program_lacks import (
    ProgramNeed as FoundNeed,
)
from diagnose.parsers.linux.program_lacks import (
    SettingEdit,
    VariableFile,
    parse_program_need,
    program_lack_of,
)
from diagnose.parsers.linux.unit_corrections import Correction
from diagnose.parsers.program_place import parse_place
from diagnose.parsers.program_words import MAX_TEXT
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext
from diagnose.probes.inside import own_setting_files, own_settings, reason_controls
from diagnose.probes.inside.unit_corrections import PATIENCE, SCRIPT

#: What uWSGI writes for each request where it found no application when it started.
_AT_START = "no python application found"


async def emit_need_of_unit(ctx: ProbeContext, unit: FailedUnit) -> None:
    """Emit what a program lacks that its manager cannot keep running."""
    log = shlex.split(unit.equivalent)[-1] if unit.manager != "systemd" else ""
    name = f"{unit.unit}.service" if unit.manager == "systemd" else unit.unit
    need = ProgramNeed(
        vantage=Vantage.SERVER, at=ctx.elapsed(), equivalent=unit.equivalent, program=unit.unit,
        kind="", message=unit.message,
        unit=unit.unit if unit.manager == "systemd" else "",
        starter=Starter("supervisor", "", name=unit.unit)
        if unit.manager == "supervisor"
        else None,
    )  # fmt: skip
    await _emit(ctx, need, (name, unit.manager, log))


async def emit_need_of_line(ctx: ProbeContext, line: ProgramLine) -> None:
    """Emit what a running program lacks, by the line that says most of its log."""
    is_of_start = _AT_START in line.message
    if program_lack_of(line.message) is None and not is_of_start:
        return
    words = ("sh", "-c", own_settings.SCRIPT, "sh", line.endpoint)
    place = parse_place((await ctx.machine.run(*words, timeout=own_settings.PATIENCE)).out)
    if not place.pid or place.container:
        return
    message = await _start_message(ctx, place.unit) if is_of_start else line.message
    folder = next(own_setting_files.web_folders(ctx), "")
    worker = await reason_controls.worker(ctx.machine, place.pid)
    need = ProgramNeed(
        vantage=Vantage.SERVER, at=ctx.elapsed(), equivalent=line.equivalent,
        program=line.process, kind="", message=message, endpoint=line.endpoint,
        unit=place.unit.removesuffix(".service"), is_running=True, starter=place.starter,
    )  # fmt: skip
    await _emit(ctx, need, (worker, "running", folder if folder.startswith("/") else ""))


async def _start_message(ctx: ProbeContext, unit: str) -> str:
    """Return the last line of a service's journal that names what its program lacks; "" for
    none."""
    if not unit:
        return ""
    words = ("journalctl", "-u", unit, "-b", "-n", "400", "-o", "cat", "--no-pager")
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    lines = [clean(line.strip(), MAX_TEXT) for line in result.out.split("\n")[-400:]]
    return next((line for line in reversed(lines) if program_lack_of(line)), "")


async def _emit(ctx: ProbeContext, need: ProgramNeed, at: tuple[str, str, str]) -> None:
    """Ask the server about the program (its name, what starts it, its log or a folder), and emit
    what mends it, once for each program."""
    lack = program_lack_of(need.message)
    if lack is None or any(each.program == need.program for each in ctx.observed(ProgramNeed)):
        return
    kind, name = lack
    words = (at[0], kind, name, at[1], at[2])
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *words, timeout=PATIENCE)
    text = result.out
    if need.is_running and need.unit:
        # Lines of its unit mend what systemd starts.
        text = text.replace("=manager running", "=manager systemd")
    if need.starter is None and at[1] == "pm2":
        need = replace(need, starter=_pm2(need.program, text, at[2]))
    found = parse_program_need(kind, name, text)
    if found is not None:
        shown = replace(need, kind=kind, name=clean(name, 300), took=result.took)
        ctx.emit(_with(shown, found))


def _pm2(name: str, text: str, log: str) -> Starter | None:
    """Return pm2 of the user whose log it is; None if the program pm2 was not found."""
    facts = dict(line[1:].partition(" ")[::2] for line in text.split("\n")[:400] if line[:1] == "=")
    tool, home = clean(facts.get("pm2", ""), 300), posixpath.dirname(posixpath.dirname(log))
    if not tool.startswith("/"):
        return None
    return Starter("pm2", "", "", name, tool, home, clean(facts.get("user", ""), 40))


def _with(need: ProgramNeed, found: FoundNeed) -> ProgramNeed:
    match found:
        case Correction():
            return replace(need, lines=found.lines)
        case SettingEdit():
            return replace(
                need, edited=found.file, number=found.number, line=found.line, new=found.new
            )
        case VariableFile():
            return replace(need, source=found.file)
        case _:
            return replace(
                need, installer=found.installer, tool=found.tool, folder=found.folder,
                file=found.file, owner=found.owner, home=found.home,
                with_development=found.with_development, build=found.build, blocked=found.blocked,
            )  # fmt: skip
