"""Rolls a fix back automatically if the program that applies it stops responding.

A step may cut the connection that the fix runs over, the program may be killed, or the machine may
reboot. So before the first step, a small shell script is written to the server beside the journal,
and a process that survives ours waits to run it: a transient systemd unit, or else a detached
shell; after a reboot, a systemd unit. Each step and each later diagnosis extends the wait. The wait
ends when a test has proven that the administrator can still log in.
"""

import shlex
from collections.abc import Iterator
from importlib import resources

from diagnose.fixing import rule_undo
from diagnose.fixing.journal import Backup, JournalEntry
from diagnose.fixing.plan import is_stop, reload_steps, repeated_reloads, restart_index
from diagnose.fixing.remote_files import FILES, RemoteFiles
from diagnose.model import Command, Edit

#: Seconds without a sign of life from the fix, after which it is rolled back.
DEADLINE = 120

_FUNCTIONS = (
    resources.files("diagnose.fixing").joinpath("shell/automatic_undo.sh").read_text("utf-8")
)
_SET_CURRENT = "current=$1; "


async def arm(files: RemoteFiles, entry: JournalEntry) -> None:
    """Arm the automatic undo: it runs if `prolong` is not called for DEADLINE seconds."""
    await files.write("undo.sh", undo_script(entry))
    await files.script(f'{_FUNCTIONS}{_SET_CURRENT}arm "$2"', files.folder, str(DEADLINE))


async def prolong(files: RemoteFiles) -> None:
    """Wait another DEADLINE seconds. Raise FixError if the fix was already rolled back."""
    await files.script(f'{_FUNCTIONS}{_SET_CURRENT}prolong "$2"', files.folder, str(DEADLINE))


async def disarm(files: RemoteFiles) -> None:
    """End the wait, because the fix is complete. Raise FixError if it was already rolled back."""
    await files.script(f"{_FUNCTIONS}{_SET_CURRENT}disarm", files.folder)


async def prolong_if_armed(files: RemoteFiles) -> None:
    await files.script(
        f'{_FUNCTIONS}{_SET_CURRENT}[ ! -e "$1/deadline" ] || prolong "$2"',
        files.folder,
        str(DEADLINE),
    )


async def disarm_if_armed(files: RemoteFiles) -> None:
    await files.script(f'{_FUNCTIONS}{_SET_CURRENT}[ ! -e "$1/deadline" ] || disarm', files.folder)


def undo_script(entry: JournalEntry) -> str:
    """Return the complete shell script. It is called as `sh undo.sh wait` or `sh undo.sh boot`."""
    steps = "\n".join(f"  {line}" for line in _undo_steps(entry)) or "  :"
    return (
        f"{FILES}{_FUNCTIONS}"
        f"current={shlex.quote(entry.folder)}\nended={shlex.quote(entry.check)}\n"
        f"undo_steps() {{\n{steps}\n}}\n"
        "case $1 in wait) wait_for_it; take_back ;; boot) begin_anew; take_back ;; esac\n"
    )


def _undo_steps(entry: JournalEntry) -> Iterator[str]:
    """Yield the lines of the shell function that undoes the steps: first the steps' own undo
    commands, last step first; then the files; then the reloads, until one fails."""
    reloads = reload_steps(entry.steps)
    for number in reversed(range(len(entry.steps))):
        step = entry.steps[number]
        if (
            isinstance(step, Command)
            and step not in reloads
            and (line := _undo_command(number, step))
        ):
            yield f"if begun {number}; then {line}; fi"
    for backup, numbers in _backups_with_steps(entry):
        begun_test = " || ".join(f"begun {number}" for number in numbers)
        yield f"if {begun_test}; then ({_restore_command(entry, backup, numbers)}); fi"
    yield from _reloads(entry)


def _reloads(entry: JournalEntry) -> Iterator[str]:
    """Yield what makes programs read their files again. Once a program was stopped, it is started,
    even if the fix did not get that far."""
    repeated, stop = repeated_reloads(entry.steps), restart_index(entry.steps)
    for number, step in enumerate(entry.steps):
        is_restart = stop is not None and number >= stop
        test = f"begun {stop if is_restart else number}"
        if not isinstance(step, Command) or not (step in repeated or is_restart):
            continue
        if not repeated:
            test += f" && ! completed {number}"
        if not is_stop(step):
            yield f"if {test}; then {shlex.join(step.argv)} || return; fi"
        elif repeated:
            # A program that was stopped before cannot be stopped again.
            yield f"if {test}; then {shlex.join(step.argv)}; fi"


def _undo_command(number: int, step: Command) -> str:
    change = rule_undo.rule_change(step.argv)
    if change is None:
        return shlex.join(step.undo)
    list_command = f"list_chain {number} {shlex.join(change.listing)}"
    if change.deleted_handle is not None and step.undo:
        words = (str(change.deleted_handle), *change.chain, *rule_undo.rule_words(step.undo))
        return f"{list_command} && deleted_rule {number} {shlex.join(words)}"
    if step.undo:
        return f"{list_command} && {shlex.join(step.undo)}"
    if change.rule:
        return f"{list_command} && added_rule {number} {shlex.join((change.rule, *change.chain))}"
    return ""


def _backups_with_steps(entry: JournalEntry) -> Iterator[tuple[Backup, list[int]]]:
    """Yield each saved file with the numbers of the steps that may have changed it. The backups are
    in the order in which the steps name the files."""
    paths: dict[str, list[int]] = {}
    for number, step in enumerate(entry.steps):
        for path in step.changes:
            paths.setdefault(path, []).append(number)
    yield from zip(entry.backups, paths.values(), strict=False)


def _restore_command(entry: JournalEntry, backup: Backup, numbers: list[int]) -> str:
    path = shlex.quote(backup.path)
    if backup.mode:
        mode, _, owner = backup.mode.partition(" ")
        return f"allowed {path} && chown {owner} -- {path} && chmod {mode} -- {path}"
    restore = f'restore "$current/{backup.name}.before" {path} undo'
    edited = [number for number in numbers if isinstance(entry.steps[number], Edit)]
    if not edited:
        return restore
    # Do not overwrite what somebody else has written since.
    unchanged_test = " || ".join(f'cmp -s "$current/{number}.after" {path}' for number in edited)
    return f"if {unchanged_test}; then {restore}; fi"
