"""The edit of settings that were read where they lie, and what brings it into force."""

from collections.abc import Sequence

from diagnose.model import Applicability, Edit, Fix, Manual, Where
from diagnose.model import commands as usual
from diagnose.model.applications import ReadSetting
from diagnose.model.processes import Starter
from diagnose.model.program_commands import restart_by
from diagnose.model.program_logs import ToldReason
from diagnose.model.steps import Command, Effect
from diagnose.model.unit_commands import create_drop_in, reload_units
from diagnose.parsers.applications import application_of
from diagnose.parsers.unit_variables import is_unit_value


def setting_fix(reads: Sequence[ReadSetting], step: str = "change-the-setting") -> Fix:
    """Return the edit of the first setting's file and what loads it; where the place is no file of
    this server, or the program's service is not known, the step of this name for a person."""
    read, loading = reads[0], _loading(reads[0])
    edits = _edits(reads)
    if not edits and (starting := _with_setting(read)):
        return Fix((*starting, _KEPT), Applicability.REVIEW)
    if not edits and (variables := _of_unit(reads)):
        return Fix(variables, Applicability.REVIEW)
    if not edits or read.unsure or (not loading and read.needs_restart):
        shown: tuple[Command | Edit, ...] = (*edits, *loading) if edits else ()
        return Fix((Manual(step, Where.APPLICATION, commands=shown),), Applicability.MANUAL)
    return Fix((*edits, *loading, *_by_hand(read)), Applicability.REVIEW)


#: What a person has to know of a program that was started by hand, and of a setting that it got.
_NOTE = Manual("started-by-hand", Where.APPLICATION)
_NOTES = {"command": (_NOTE,), "parent": (Manual("started-by-its-parent", Where.APPLICATION),)}
_KEPT = Manual("started-with-a-setting", Where.APPLICATION)


def _by_hand(read: ReadSetting) -> tuple[Manual, ...]:
    is_other = read.container or read.unit or read.load or not read.needs_restart
    starter = None if is_other else read.starter
    return _NOTES.get(starter.kind, ()) if starter is not None else ()


def starting_fix(starter: Starter) -> Fix:
    """Return what ends a program that no service has and starts it again."""
    return Fix((*restart_by(starter), *_NOTES.get(starter.kind, ())), Applicability.REVIEW)


def _with_setting(read: ReadSetting) -> tuple[Command, ...]:
    """Return what starts a program that somebody started by hand with the right value of a variable
    of its environment or of its option; () if the setting is neither, or another starts it."""
    is_variable = read.key.isupper() and not read.file and read.source in {"variable", "nowhere"}
    is_option = read.source == "argument" and read.key.startswith("-") and bool(read.values)
    is_ours = (is_variable or is_option) and read.wanted and read.starter is not None
    is_other = read.container or read.unit or read.unsure or "\n" in read.wanted
    if not is_ours or is_other or read.starter is None:
        return ()
    before = "" if read.source == "nowhere" else None
    if read.source == "variable" and len(read.values) == 1:
        before = f"{read.key}={read.values[0]}"
    return restart_by(read.starter, f"{read.key}={read.wanted}", before)


def _of_unit(reads: Sequence[ReadSetting]) -> tuple[Command, ...]:
    """Return what gives a service variables of its environment that it lacks, each in a file beside
    the unit, and starts it again; () if they are none, or if the program does not get them."""
    first = reads[0]
    lacking = [read for read in reads if _is_lacking_variable(read) and read.unit == first.unit]
    if first not in lacking or not first.unit.endswith(".service"):
        return ()
    unit = first.unit.removesuffix(".service")
    folder = f"/etc/systemd/system/{first.unit}.d"
    files = (
        create_drop_in(
            f"{folder}/diagnose-{read.key}.conf",
            ("[Service]", f"Environment={read.key}={read.wanted}"),
        )
        for read in lacking
    )
    reload = reload_units()
    return (usual.make_folder(folder), *files, reload, usual.restart_service(unit))


def _is_lacking_variable(read: ReadSetting) -> bool:
    """Return whether a setting is a variable of a service that is not set. Pools of PHP and Apache
    do not hand theirs on."""
    application = application_of(read.application)
    own = application.own_settings if application else ()
    names = {each.variable for each in own if not each.of_image}
    is_variable = read.key in names and not read.file and not read.container and not read.unsure
    is_handed_on = not read.process.startswith(("php-fpm", "apache", "httpd", "nginx"))
    is_unset = read.source in {"nowhere", "unread"}
    return is_variable and is_handed_on and is_unset and is_unit_value(read.wanted)


def restart_fix(read: ReadSetting) -> Fix:
    loading = _loading(read)
    if not loading:
        return Fix((Manual("restart-it", Where.APPLICATION),), Applicability.MANUAL)
    return Fix((*loading, *_by_hand(read)), Applicability.REVIEW)


def _loading(read: ReadSetting) -> tuple[Command, ...]:
    """Return what brings a change into force; () if a person has to know it."""
    if read.load:
        # `docker compose up -d` makes the container anew, as its file says then.
        is_made_anew = read.load[-3:-1] == ("up", "-d")
        return (Command(read.load, Effect.RESTART if is_made_anew else Effect.CHANGE),)
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
        return restart_by(read.starter) if read.starter else ()
    is_of_unit = read.file.startswith("/etc/systemd/system/")
    reload = (reload_units(),) if is_of_unit else ()
    return (*reload, usual.restart_service(read.unit.removesuffix(".service")))


def _edits(reads: Sequence[ReadSetting]) -> tuple[Edit, ...]:
    """Return one edit for the first file: a second one would not know its lines any more."""
    first = reads[0]
    if not first.new:
        return ()
    together = [
        read
        for read in reads
        if read.new and read.file == first.file and (read is first or not read.added)
    ]
    hunks, more = "", 0
    for read in sorted(together, key=lambda read: read.number):
        hunk, grown = _hunk(read, more)
        hunks, more = hunks + hunk, more + grown
    return (_edit(first.file, hunks),)


def logged_edit(reason: ToldReason) -> Edit:
    """Return the edit of the line that a program's log asks for."""
    return _edit(reason.file, _hunk(reason, 0)[0])


def _edit(file: str, hunks: str) -> Edit:
    return Edit(file, f"--- {file}\n+++ {file}\n{hunks}", outside=True)


def _hunk(read: ReadSetting | ToldReason, more: int) -> tuple[str, int]:
    """Return the change without the lines around it, which may hold passwords, and by how many
    lines the file grows. `more` is by how many it has grown before."""
    old = [] if read.added else read.line.split("\n")
    new, at = read.new.split("\n"), read.number
    while old and new and old[0] == new[0]:
        old, new, at = old[1:], new[1:], at + 1
    end = "\\ No newline at end of file\n" if isinstance(read, ReadSetting) and read.unended else ""
    while old and new and old[-1] == new[-1]:
        old, new, end = old[:-1], new[:-1], ""
    # A hunk without lines of one side names the line before it.
    removed = f"{at - (not old and not read.added)},{len(old)}"
    added = f"{at + more + bool(read.added) - (not new)},{len(new)}"
    lines = (*(f"-{line}\n" for line in old), end, *(f"+{line}\n" for line in new))
    return f"@@ -{removed} +{added} @@\n" + "".join(lines), len(new) - len(old)
