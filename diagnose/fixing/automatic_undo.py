"""A fix that nobody speaks for any more takes itself back.

A step may cut the connection over which the fix runs, or the program may be killed, or the machine
started anew. So before the first step a small shell script is left on the server, beside the
journal, and something that outlives us waits there: a transient unit of systemd, else a detached
shell; at boot a unit. Each step, and each look afterwards, tells it to wait longer. What ends the
wait is the proof that the administrator can still come in.
"""

import shlex
from collections.abc import Iterator
from importlib import resources

from diagnose.fixing import rule_undo
from diagnose.fixing.journal import Backup, JournalEntry
from diagnose.fixing.plan import changed_paths, permission_paths, reload_steps, repeated_reloads
from diagnose.fixing.remote_files import FILES, RemoteFiles
from diagnose.model import Command, Edit

#: Seconds without a word from the fix, after which it is taken back.
DEADLINE = 120

_FUNCTIONS = (
    resources.files("diagnose.fixing").joinpath("shell/automatic_undo.sh").read_text("utf-8")
)
_SET_CURRENT = "current=$1; "


async def arm(files: RemoteFiles, entry: JournalEntry) -> None:
    """From now on the fix is taken back when `prolong` is not called for DEADLINE seconds."""
    await files.write("undo.sh", undo_script(entry))
    await files.script(f'{_FUNCTIONS}{_SET_CURRENT}arm "$2"', files.folder, str(DEADLINE))


async def prolong(files: RemoteFiles) -> None:
    """Wait another DEADLINE seconds. Stuck where the fix was taken back already."""
    await files.script(f'{_FUNCTIONS}{_SET_CURRENT}prolong "$2"', files.folder, str(DEADLINE))


async def disarm(files: RemoteFiles) -> None:
    """The fix has come to its end. Stuck where it was taken back already."""
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
    """The whole program: `sh undo.sh wait`, or `boot`."""
    steps = "\n".join(f"  {line}" for line in _undo_steps(entry)) or "  :"
    return (
        f"{FILES}{_FUNCTIONS}"
        f"current={shlex.quote(entry.folder)}\nended={shlex.quote(entry.check)}\n"
        f"undo_steps() {{\n{steps}\n}}\n"
        "case $1 in wait) wait_for_it; take_back ;; boot) take_back ;; esac\n"
    )


def _undo_steps(entry: JournalEntry) -> Iterator[str]:
    """The lines of the function that takes the steps back: their own undo, the last step first;
    then the files; then what makes programs read them again, as far as that succeeds."""
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
    reload_numbers = [
        n for n, step in enumerate(entry.steps) if step in repeated_reloads(entry.steps)
    ]
    for number in reload_numbers:
        step = entry.steps[number]
        assert isinstance(step, Command)
        yield f"if begun {number}; then {shlex.join(step.argv)} || return; fi"


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
    """Each file that was saved, and the steps that may have changed it. They were saved in the
    order in which the steps name them."""
    paths: dict[str, list[int]] = {}
    for number, step in enumerate(entry.steps):
        for path in (*changed_paths(step), *permission_paths(step)):
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
    # What somebody else has written since is not lost.
    unchanged_test = " || ".join(f'cmp -s "$current/{number}.after" {path}' for number in edited)
    return f"if {unchanged_test}; then {restore}; fi"
