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
from diagnose.fixing.journal import Kept, Written
from diagnose.fixing.plan import modes, once_more, rereads, touched
from diagnose.fixing.remote_files import FILES, Hands
from diagnose.model import Command, Edit

#: Seconds without a word from the fix, after which it is taken back.
DEADLINE = 120

_FUNCTIONS = (
    resources.files("diagnose.fixing").joinpath("shell/automatic_undo.sh").read_text("utf-8")
)
_ARMED = "current=$1; "


async def arm(hands: Hands, written: Written) -> None:
    """From now on the fix is taken back when `prolong` is not called for DEADLINE seconds."""
    await hands.write("undo.sh", script(written))
    await hands.script(f'{_FUNCTIONS}{_ARMED}arm "$2"', hands.folder, str(DEADLINE))


async def prolong(hands: Hands) -> None:
    """Wait another DEADLINE seconds. Stuck where the fix was taken back already."""
    await hands.script(f'{_FUNCTIONS}{_ARMED}prolong "$2"', hands.folder, str(DEADLINE))


async def disarm(hands: Hands) -> None:
    """The fix has come to its end. Stuck where it was taken back already."""
    await hands.script(f"{_FUNCTIONS}{_ARMED}disarm", hands.folder)


async def prolong_if_armed(hands: Hands) -> None:
    await hands.script(
        f'{_FUNCTIONS}{_ARMED}[ ! -e "$1/deadline" ] || prolong "$2"', hands.folder, str(DEADLINE)
    )


async def disarm_if_armed(hands: Hands) -> None:
    await hands.script(f'{_FUNCTIONS}{_ARMED}[ ! -e "$1/deadline" ] || disarm', hands.folder)


def script(written: Written) -> str:
    """The whole program: `sh undo.sh wait`, or `boot`."""
    steps = "\n".join(f"  {line}" for line in _undo_steps(written)) or "  :"
    return (
        f"{FILES}{_FUNCTIONS}"
        f"current={shlex.quote(written.folder)}\nended={shlex.quote(written.check)}\n"
        f"undo_steps() {{\n{steps}\n}}\n"
        "case $1 in wait) wait_for_it; take_back ;; boot) take_back ;; esac\n"
    )


def _undo_steps(written: Written) -> Iterator[str]:
    """The lines of the function that takes the steps back: their own undo, the last step first;
    then the files; then what makes programs read them again, as far as that succeeds."""
    again = rereads(written.steps)
    for number in reversed(range(len(written.steps))):
        step = written.steps[number]
        if isinstance(step, Command) and step not in again and (line := _undo(number, step)):
            yield f"if begun {number}; then {line}; fi"
    for kept, numbers in _changed_by(written):
        begun = " || ".join(f"begun {number}" for number in numbers)
        yield f"if {begun}; then ({_put_back(written, kept, numbers)}); fi"
    last_reads = [n for n, step in enumerate(written.steps) if step in once_more(written.steps)]
    for number in last_reads:
        step = written.steps[number]
        assert isinstance(step, Command)
        yield f"if begun {number}; then {shlex.join(step.argv)} || return; fi"


def _undo(number: int, step: Command) -> str:
    change = rule_undo.change(step.argv)
    if change is None:
        return shlex.join(step.undo)
    listed = f"list_chain {number} {shlex.join(change.listing)}"
    if change.gone is not None and step.undo:
        words = (str(change.gone), *change.chain, *rule_undo.rule_words(step.undo))
        return f"{listed} && deleted_rule {number} {shlex.join(words)}"
    if step.undo:
        return f"{listed} && {shlex.join(step.undo)}"
    if change.rule:
        return f"{listed} && added_rule {number} {shlex.join((change.rule, *change.chain))}"
    return ""


def _changed_by(written: Written) -> Iterator[tuple[Kept, list[int]]]:
    """Each file that was saved, and the steps that may have changed it. They were saved in the
    order in which the steps name them."""
    paths: dict[str, list[int]] = {}
    for number, step in enumerate(written.steps):
        for path in (*touched(step), *modes(step)):
            paths.setdefault(path, []).append(number)
    yield from zip(written.kept, paths.values(), strict=False)


def _put_back(written: Written, kept: Kept, numbers: list[int]) -> str:
    path = shlex.quote(kept.path)
    if kept.mode:
        mode, _, owner = kept.mode.partition(" ")
        return f"allowed {path} && chown {owner} -- {path} && chmod {mode} -- {path}"
    put = f'restore "$current/{kept.name}.before" {path} undo'
    edited = [number for number in numbers if isinstance(written.steps[number], Edit)]
    if not edited:
        return put
    # What somebody else has written since is not lost.
    known = " || ".join(f'cmp -s "$current/{number}.after" {path}' for number in edited)
    return f"if {known}; then {put}; fi"
