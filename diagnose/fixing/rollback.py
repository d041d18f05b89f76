"""Rolls a fix back: undo commands in reverse order, then all files byte for byte, then reloads.
Reports what cannot be undone."""

import shlex
from collections.abc import AsyncIterator, Callable
from typing import Literal

from diagnose.fixing import automatic_undo, rule_undo
from diagnose.fixing import journal as journals
from diagnose.fixing.journal import Backup, Journal, JournalEntry
from diagnose.fixing.plan import (
    irreversible_steps,
    is_stop,
    reload_steps,
    repeated_reloads,
    restart_index,
)
from diagnose.fixing.remote_files import STAT_MODE, FixError, RemoteFiles, error_line
from diagnose.machine import Machine
from diagnose.model import Command, Edit, Effect
from diagnose.model.frozen import frozen

#: Called with a word for the current action, and the step that it concerns.
ProgressCallback = Callable[[str, Command | Edit | None], None]


@frozen
class UndoStep:
    """One action of an undo: run a command ("undo"), restore the file at `path` ("restore"), repeat
    a reload ("again"), or nothing, because the step cannot be undone ("stays")."""

    action: Literal["undo", "restore", "again", "stays"]
    step: Command | None = None
    path: str = ""


@frozen
class Residue:
    """A change that remains after an undo. `stays`: the step cannot be undone. `failed`: the undo
    command failed. `not-read`: a program failed to reload its restored files and keeps running with
    the changed ones."""

    reason: Literal["stays", "failed", "not-read"]
    step: Command
    error: str = ""


async def undo_plan(machine: Machine, entry: JournalEntry) -> tuple[UndoStep, ...]:
    """Return the actions that `roll_back` would take now, in order, and the steps it cannot
    undo."""
    files, steps = RemoteFiles(machine, entry.folder), _begun_steps(entry)
    commands = [argv async for _, argv in _undo_commands(files, entry)]
    paths = [backup.path for backup in entry.backups if not await _matches_backup(files, backup)]
    return (
        *(UndoStep("undo", undo_step(argv)) for argv in commands),
        *(UndoStep("restore", path=path) for path in paths),
        *(UndoStep("again", step) for step in _repeated_steps(entry)),
        *(UndoStep("stays", step) for step in irreversible_steps(steps)),
    )


async def roll_back(
    machine: Machine, entry: JournalEntry, on_progress: ProgressCallback
) -> tuple[Residue, ...]:
    """Undo a fix and return what remains. It may be interrupted and started again. Raise FixError
    if somebody else has changed a file since, so that their changes are not lost."""
    files, steps = RemoteFiles(machine, entry.folder), _begun_steps(entry)
    journal = Journal(files)
    is_open = entry.folder == journals.OPEN_FOLDER
    if is_open:
        await automatic_undo.prolong_if_armed(files)
    await _check_unchanged_by_others(files, entry)
    await journal.note("undoing")
    residues: list[Residue] = []
    may_repeat = entry.state == "undoing"
    async for number, argv in _undo_commands(files, entry):
        on_progress("undo", undo_step(argv))
        if is_open:
            await automatic_undo.prolong_if_armed(files)
        result = await files.run(argv)
        # An unfinished step may have nothing to undo. In a restarted undo, the first command may
        # have run already.
        if result.failure is not None and number in entry.ended and not may_repeat:
            residues.append(Residue("failed", undo_step(argv), error_line(result)))
        await journal.note("back", step=number)
        may_repeat = False
    for backup in reversed(entry.backups):
        if is_open:
            await automatic_undo.prolong_if_armed(files)
        await _restore_backup(files, backup)
    for step in _repeated_steps(entry):
        on_progress("undo", step)
        result = await files.run(step.argv)
        # The original configuration may have been the broken one: then nothing is reloaded. A
        # program that was stopped before cannot be stopped again.
        if result.failure is not None and not is_stop(step):
            residues.append(Residue("not-read", step, error_line(result)))
            break
    if is_open:
        await automatic_undo.disarm_if_armed(files)
    await journal.note("undone")
    if is_open:
        await journals.archive(machine, f"{entry.check}-undone")
    return (*residues, *(Residue("stays", step) for step in irreversible_steps(steps)))


def undo_step(argv: tuple[str, ...]) -> Command:
    """Return an undo command as a step. Nothing undoes an undo."""
    return Command(argv, Effect.CHANGE)


def _begun_steps(entry: JournalEntry) -> list[Command | Edit]:
    """Return the steps that were begun. If one of them stops a program, the steps that start it
    again count too."""
    begun, stop = set(entry.begun), restart_index(entry.steps)
    if stop in begun:
        begun.update(range(stop, len(entry.steps)))
    return [entry.steps[number] for number in sorted(begun)]


def _repeated_steps(entry: JournalEntry) -> list[Command]:
    """Return what makes programs read their files again. If nothing was changed, only what starts a
    stopped program is left to do."""
    if repeated := repeated_reloads(_begun_steps(entry)):
        return repeated
    stop = restart_index(entry.steps)
    later_steps = (
        range(stop + 1, len(entry.steps)) if stop in entry.begun and stop is not None else ()
    )
    steps = (entry.steps[number] for number in later_steps if number not in entry.ended)
    return [step for step in steps if isinstance(step, Command)]


async def _undo_commands(
    files: RemoteFiles, entry: JournalEntry
) -> AsyncIterator[tuple[int, tuple[str, ...]]]:
    """Yield the undo commands one by one, for the last step first. Each is computed after the one
    before it has run."""
    reloads = reload_steps(_begun_steps(entry))
    for number in sorted(set(entry.begun) - set(entry.back), reverse=True):
        step = entry.steps[number]
        if step not in reloads and (argv := await undo_command(files, number, step)):
            yield number, argv


async def undo_command(files: RemoteFiles, number: int, step: Command | Edit) -> tuple[str, ...]:
    """Return the command that undoes a step; () if there is none or nothing to undo. A rule that
    was not deleted yet, or was already restored, must not be added twice."""
    if isinstance(step, Edit):
        return ()
    change = rule_undo.rule_change(step.argv)
    if change is None:
        return step.undo
    before = await files.machine.read(files.file_path(f"{number}.chain"))
    current = await files.run(change.listing)
    if before.failure is not None or current.failure is not None:
        return step.undo
    if rule_undo.is_same_chain(before.text, current.out):
        return ()
    if step.undo and change.deleted_handle is not None:
        return rule_undo.restore_command(change, before.text, current.out, step.undo)
    if step.undo:
        return step.undo
    added_chain = await files.machine.read(files.file_path(f"{number}.chain-left"))
    if rule_undo.is_edited(before.text, added_chain.text, current.out):
        command = shlex.join(change.listing)
        raise FixError(f"the added rule was changed by somebody else since: {command}")
    return rule_undo.delete_command(change, before.text, current.out, added_chain.text)


async def _restore_backup(files: RemoteFiles, backup: Backup) -> None:
    if not backup.mode:
        await files.restore(f"{backup.name}.before", backup.path)
        return
    await files.set_mode(backup.mode, backup.path)


async def _matches_backup(files: RemoteFiles, backup: Backup) -> bool:
    if not backup.mode:
        return await files.is_unchanged(f"{backup.name}.before", backup.path)
    return (await files.script(STAT_MODE, backup.path)).strip() == backup.mode


async def _check_unchanged_by_others(files: RemoteFiles, entry: JournalEntry) -> None:
    """Raise FixError if somebody else has changed a file. An edited file must be equal to its
    content before or after one of the steps. After a completed fix, all saved files must be as it
    left them."""
    if entry.state == "healed":
        for backup in entry.backups:
            if not backup.mode and not await files.is_unchanged(f"{backup.name}.left", backup.path):
                raise FixError(_changed_message(files, backup.path))
        return
    for path in dict.fromkeys(step.path for step in entry.steps if isinstance(step, Edit)):
        numbers = [n for n, step in enumerate(entry.steps) if edits_file(step, path)]
        copies = [f"{backup_name(entry, numbers[0])}.before", *(f"{n}.after" for n in numbers)]
        if not any([await files.is_unchanged(name, path) for name in copies]):
            raise FixError(_changed_message(files, path))


def _changed_message(files: RemoteFiles, path: str) -> str:
    return f"{path} was changed by somebody else since: {files.folder} has the copies"


def edits_file(step: Command | Edit, path: str) -> bool:
    return isinstance(step, Edit) and step.path == path


def backup_name(entry: JournalEntry, number: int) -> str:
    """Return the name of the backup of the file that a step edits. Backups are numbered in the
    order of the steps."""
    paths = dict.fromkeys(path for step in entry.steps for path in step.changes)
    step = entry.steps[number]
    assert isinstance(step, Edit)
    return entry.backups[list(paths).index(step.path)].name
