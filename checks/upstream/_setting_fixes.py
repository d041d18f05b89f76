"""The edit of a setting that was read where it lies, and what brings it into force."""

from diagnose.model import Applicability, Edit, Fix, Manual, Where
from diagnose.model import commands as usual
from diagnose.model.applications import ReadSetting
from diagnose.model.steps import Command, Effect


def setting_fix(read: ReadSetting) -> Fix:
    """Return the edit of the line and what loads it; words for a person where the place is not a
    file of this server, or the program's service is not known."""
    loading = _loading(read)
    edit = Edit(read.file, _diff(read), outside=True) if read.new else None
    if edit is None or read.unsure or (not loading and read.needs_restart):
        steps: tuple[Command | Edit, ...] = (edit, *loading) if edit else ()
        return Fix(
            (Manual("change-the-setting", Where.APPLICATION, commands=steps),), Applicability.MANUAL
        )
    return Fix((edit, *loading), Applicability.REVIEW)


def restart_fix(read: ReadSetting) -> Fix:
    loading = _loading(read)
    if not loading:
        return Fix((Manual("restart-it", Where.APPLICATION),), Applicability.MANUAL)
    return Fix(loading, Applicability.REVIEW)


def _loading(read: ReadSetting) -> tuple[Command, ...]:
    """Return what brings a change into force; () if a person has to know it."""
    if read.load:
        return (Command(read.load, Effect.CHANGE),)
    if read.build and not read.container:
        built = (Command(read.build, Effect.CHANGE),)
        restart = _restart(read) if read.needs_restart else ()
        return (*built, *restart) if restart or not read.needs_restart else ()
    return _restart(read) if read.needs_restart and not read.build else ()


def _restart(read: ReadSetting) -> tuple[Command, ...]:
    if read.container:
        # A container keeps the environment that it was made with.
        is_made_anew = read.source == "variable"
        return () if is_made_anew else (usual.restart_container(read.engine, read.container),)
    if not read.unit:
        return ()
    is_of_unit = read.file.startswith("/etc/systemd/system/")
    reload = (Command(("systemctl", "daemon-reload"), Effect.CHANGE),) if is_of_unit else ()
    return (*reload, usual.restart_service(read.unit.removesuffix(".service")))


def _diff(read: ReadSetting) -> str:
    """Return the change without the lines around it: they may hold passwords."""
    old = [] if read.added else read.line.split("\n")
    new, at = read.new.split("\n"), read.number
    while old and new and old[0] == new[0]:
        old, new, at = old[1:], new[1:], at + 1
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    # A hunk without lines of one side names the line before it.
    removed = f"{at - (not old and not read.added)},{len(old)}"
    added = f"{at + bool(read.added) - (not new)},{len(new)}"
    lines = (*(f"-{line}\n" for line in old), *(f"+{line}\n" for line in new))
    head = f"--- {read.file}\n+++ {read.file}\n@@ -{removed} +{added} @@\n"
    return head + "".join(lines)
