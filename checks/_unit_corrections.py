"""The commands that mend the unit of a service that could not start, in a file beside the
unit (systemd.unit(5), "drop-in"), and start the service."""

from diagnose.model import Command, Evidence, commands
from diagnose.model.services import UnitCorrection
from diagnose.model.unit_commands import drop_in_steps


def correction_of(evidence: Evidence, unit: str) -> UnitCorrection | None:
    """Return what the unit of a service needs; None if nobody knows it."""
    corrections = evidence.good(UnitCorrection)
    return next((correction for correction in corrections if correction.unit == unit), None)


def correction_steps(correction: UnitCorrection, *, running: bool = False) -> tuple[Command, ...]:
    """Return the commands; `running` is True where the service serves visitors meanwhile."""
    unit = correction.unit
    # After several failed starts systemd refuses further ones.
    start: tuple[Command, ...] = (commands.reset_failed(unit), commands.restart_dead_service(unit))
    if running:
        start = (commands.restart_service(unit),)
    if correction.program:
        return (commands.chmod("a+x", correction.program, before=correction.mode), *start)
    if correction.folder:
        own = (correction.owner,) if correction.owner else ()
        give = (commands.chown(each, correction.folder, before="root:root") for each in own)
        return (commands.make_folder(correction.folder), *give, *start)
    if correction.script:
        return (commands.rewrite(correction.script, (r"s/\r$//",)), *start)
    return (*drop_in_steps(unit, correction.lines), *start)


def correction_facts(correction: UnitCorrection | None) -> dict[str, object]:
    """Return the facts about it: `corrected`, the setting as it should be, with all lines that it
    has, `wrong`, as it is, `not_executable`, the program that nobody may run, `missing_folder`, and
    `windows_script`, whose lines end as those of Windows."""
    lines = correction.lines if correction else ()
    return {
        "corrected": ", ".join(line for line in lines if not line.endswith("=")),
        "wrong": correction.wrong if correction else "",
        "not_executable": correction.program if correction else "",
        "missing_folder": correction.folder if correction else "",
        "windows_script": correction.script if correction else "",
    }
