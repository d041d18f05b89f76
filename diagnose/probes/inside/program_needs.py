"""What the program behind a site lacks, where this server shows what brings it. Read only after the
program itself has named it."""

import posixpath
import shlex
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.processes import Starter
from diagnose.model.program_logs import FailedUnit
from diagnose.model.services import ProgramNeed
from diagnose.parsers.linux.program_lacks import (
    PasswordFile,
    SettingEdit,
    VariableFile,
    parse_program_need,
    program_lack_of,
)
from diagnose.parsers.linux.program_lacks import (
    ProgramNeed as FoundNeed,
)
from diagnose.parsers.linux.unit_corrections import Correction
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unit_corrections import PATIENCE, SCRIPT


async def emit_need_of_unit(ctx: ProbeContext, unit: FailedUnit) -> None:
    """Emit what a program lacks that its manager cannot keep running."""
    log = shlex.split(unit.equivalent)[-1] if unit.manager != "systemd" else ""
    name = f"{unit.unit}.service" if unit.manager == "systemd" else unit.unit
    need = ProgramNeed(
        vantage=Vantage.SERVER, at=ctx.elapsed(), equivalent=unit.equivalent, program=unit.unit,
        lack="", message=unit.message,
        unit=unit.unit if unit.manager == "systemd" else "",
        starter=Starter("supervisor", "", name=unit.unit)
        if unit.manager == "supervisor"
        else None,
    )  # fmt: skip
    await emit_need(ctx, need, (name, unit.manager, log))


async def emit_need(ctx: ProbeContext, need: ProgramNeed, at: tuple[str, str, str]) -> None:
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
    program_need = parse_program_need(kind, name, text)
    if program_need is not None:
        shown = replace(need, lack=kind, name=clean(name, 300), took=result.took)
        ctx.emit(_with(shown, program_need))


def _pm2(name: str, text: str, log: str) -> Starter | None:
    """Return pm2 of the user whose log it is; None if the program pm2 was not found."""
    facts = dict(line[1:].partition(" ")[::2] for line in text.split("\n")[:400] if line[:1] == "=")
    tool, home = clean(facts.get("pm2", ""), 300), posixpath.dirname(posixpath.dirname(log))
    if not tool.startswith("/"):
        return None
    return Starter("pm2", "", "", name, tool, home, clean(facts.get("user", ""), 40))


def _with(need: ProgramNeed, addition: FoundNeed) -> ProgramNeed:
    match addition:
        case Correction():
            return replace(need, lines=addition.lines)
        case SettingEdit():
            return replace(
                need,
                edited=addition.file,
                number=addition.number,
                line=addition.line,
                new=addition.new,
            )
        case PasswordFile():
            lines = (f"EnvironmentFile={addition.file}",)
            return replace(need, lines=lines, source=addition.source, name=addition.name)
        case VariableFile():
            return replace(need, source=addition.file)
        case _:
            return replace(
                need, installer=addition.installer, tool=addition.tool, folder=addition.folder,
                file=addition.file, owner=addition.owner, home=addition.home,
                with_development=addition.with_development, build=addition.build,
                blocked=addition.blocked,
            )  # fmt: skip
