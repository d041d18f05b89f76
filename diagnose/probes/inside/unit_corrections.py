"""What the unit of a service that could not start needs, where this server shows it. Read only
after the service has failed with words of systemd's that say which setting it was."""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.services import UnitCorrection
from diagnose.parsers.linux.unit_corrections import (
    Correction,
    Fault,
    home_correction,
    home_path,
    parse_correction,
    read_only_path,
)
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "unit_corrections.sh")

#: Seconds for one unit, and for a search in the folders of sites.
PATIENCE = 6.0


async def emit_correction(ctx: ProbeContext, unit: str, fault: Fault, message: str = "") -> None:
    """Emit what a service needs that failed so, once for each service. `message` is its line."""
    path = home_path(message) if fault == "home" else read_only_path(message)
    if fault in {"readonly", "home"} and not path:
        return
    if any(correction.unit == unit for correction in ctx.observed(UnitCorrection)):
        return
    at = ctx.elapsed()
    name, path_words = f"{unit}.service", (path,) if path else ()
    result = await ctx.machine.run(
        "sh", "-c", SCRIPT, "sh", name, fault, *path_words, timeout=PATIENCE
    )
    record_correction(ctx, unit, parse_correction(fault, result.out, message), at)


async def emit_home_correction(ctx: ProbeContext, unit: str, folder: str) -> None:
    """Emit what lets a service see a folder of a home that its unit hides from it."""
    at = ctx.elapsed()
    words = ("systemctl", "show", f"{unit}.service", "-p", "ProtectHome", "--value")
    result = await ctx.machine.run(*words)
    record_correction(ctx, unit, home_correction(result.out.strip(), folder), at)


def record_correction(
    ctx: ProbeContext, unit: str, correction: Correction | None, at: float
) -> None:
    """Emit what a unit needs; nothing if that is not known."""
    if correction is not None:
        ctx.emit(
            UnitCorrection(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"systemctl cat {shlex.quote(unit)}",
                unit=unit,
                wrong=correction.wrong,
                lines=correction.lines,
                program=correction.program,
                mode=correction.mode,
                folder=correction.folder,
                owner=correction.owner,
                script=correction.script,
            )
        )
