"""A plan, carried out: save, change, see whether it helped, and take it back where it did not.

Whatever is about to be done stands in the journal before, so that a fix that is killed at any
moment can be taken up or taken back, by the journal alone.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Awaitable, Callable
from typing import Literal

from diagnose.fixing import chains
from diagnose.fixing import journal as journals
from diagnose.fixing.hands import Hands, Stuck
from diagnose.fixing.helped import unseen, worse
from diagnose.fixing.journal import Journal, Kept, Written
from diagnose.fixing.plan import Plan, modes, renames, stops, takes_effect, touched
from diagnose.frozen import frozen
from diagnose.machine import Machine, Ran
from diagnose.model import Command, Edit, Finding, Report
from diagnose.wire.edits import patched

#: Seconds before the site is looked at, and looked at again where that did not help: servers take
#: a moment to change over.
PAUSES = (0.2, 0.5, 1.0, 2.0)

Look = Callable[[], Awaitable[Report]]

#: What is told while it is done: the word for it, and the step it is about.
Tell = Callable[[str, Command | Edit | None], None]


@frozen(eq=False)
class Outcome:
    """How it ended. `why` is the machine's own word, `report` the last look, `folder` where the
    copies lie."""

    state: Literal["healed", "rolled-back", "untouched", "stuck", "undone"]
    why: str = ""
    report: Report | None = None
    folder: str = ""


async def carry_out(
    machine: Machine, plan: Plan, before: Report, at: str, look: Look, tell: Tell
) -> Outcome:
    """Do it, and look again. `at` says when, for the journal. Busy where another fix is open."""
    try:
        journal = await journals.begin(machine)
    except Stuck as stuck:
        return Outcome("untouched", str(stuck))
    try:
        made = await _save(journal, plan, before, at)
    except Stuck as stuck:
        with contextlib.suppress(Stuck):
            await journals.drop(machine)
        return Outcome("untouched", str(stuck))
    return await _do(machine, journal, made, plan.cause, before, look, tell)


async def _do(
    machine: Machine,
    journal: Journal,
    made: Written,
    cause: Finding | None,
    before: Report,
    look: Look,
    tell: Tell,
) -> Outcome:
    """The steps that are still to be done; `cause` is None where it is gone already."""
    try:
        await _steps(journal, made, tell)
        tell("looking", None)
        report = await (_settled(cause, before, look) if cause else look())
        why = worse(cause, before, report) if cause else None
        if why is None:
            await journal.note("healed")
            return Outcome("healed", "", report, await journals.end(machine, made.check))
    except Stuck as stuck:
        report, why = None, str(stuck)
    tell("undoing", None)
    try:
        await take_back(machine, await _again(machine, made), tell)
    except Stuck as stuck:
        return Outcome("stuck", f"{why}; {stuck}", report, made.folder)
    return Outcome("rolled-back", why, report)


async def _again(machine: Machine, made: Written) -> Written:
    return await journals.written(machine, made.folder) or made


# Before anything is changed


async def _save(journal: Journal, plan: Plan, before: Report, at: str) -> Written:
    """Copies of all that may be changed, what the edits will make of it, then the plan."""
    hands = journal.hands
    kept: list[Kept] = []
    for step in plan.steps:
        for path in (*touched(step), *modes(step)):
            if all(one.path != path for one in kept):
                how = "mode" if path in modes(step) else "itself" if renames(step) else "file"
                kept.append(await _keep(hands, f"{len(kept)}", path, how))
    texts: dict[str, str] = {}
    for number, step in enumerate(plan.steps):
        if isinstance(step, Edit):
            if step.path not in texts:
                texts[step.path] = await _text(hands, step.path)
            text = patched(texts[step.path], step.diff)
            if text is None:
                raise Stuck(f"{step.path} has changed since it was looked at")
            texts[step.path] = text
            await hands.write(f"{number}.after", text)
    await _keep_rules(hands)
    target = before.evidence.target
    made = Written(
        hands.folder,
        plan.cause.check.id,
        target.input,
        at,
        plan.steps,
        tuple(kept),
        target.websockets,
    )
    await journal.note(
        "plan",
        check=made.check,
        target=made.target,
        at=at,
        steps=[journals.as_json(step) for step in made.steps],
        websockets=made.websockets,
        kept=[[one.name, one.path, one.mode] for one in kept],
    )
    return made


async def _keep(hands: Hands, name: str, path: str, how: str) -> Kept:
    if how == "mode":
        said = await hands.script('stat -L -c "%a %u:%g" -- "$1"', path)
        return Kept(name, path, said.strip())
    if how == "itself":
        await hands.save(f"{name}.before", path)
        return Kept(name, path)
    # What a link leads to is changed, and not the link.
    real = (await hands.script('[ -f "$1" ] && readlink -f -- "$1" || echo "$1"', path)).rstrip(
        "\n"
    )
    await hands.save(f"{name}.before", real)
    return Kept(name, real)


async def _keep_rules(hands: Hands) -> None:
    """The firewall's state, for whoever wants to compare; nothing reads it."""
    await hands.script(
        'command -v nft >/dev/null && nft list ruleset > "$1" 2>/dev/null; :', hands.at("ruleset")
    )


async def _text(hands: Hands, path: str) -> str:
    read = await hands.machine.read(path)
    if read.failure is not None and read.failure.kind == "missing":
        return ""
    if read.failure is not None:
        raise Stuck(f"{path}: {read.failure.message}")
    if "\ufffd" in read.text or "\0" in read.text:
        raise Stuck(f"{path} holds bytes that are no UTF-8: change it by hand")
    return read.text


# Step by step


async def _steps(journal: Journal, made: Written, tell: Tell) -> None:
    for number, step in enumerate(made.steps):
        if number in made.ended:
            continue
        tell("step", step)
        await _mark(journal.hands, number, step)
        await journal.note("begin", step=number)
        if isinstance(step, Edit):
            await _edit(journal.hands, made, number, step)
        else:
            ran = await journal.hands.run(step.argv)
            if ran.failure is not None:
                raise Stuck(f"{shlex.join(step.argv)}: {_why(ran)}")
        await journal.note("end", step=number)
    for one in made.kept:
        # What it is now, so that an undo sees whether somebody changed it since.
        if not one.mode:
            await journal.hands.save(f"{one.name}.left", one.path)


def _why(ran: Ran) -> str:
    """What a program says: nginx names the file and line before its last word."""
    lines = [line.strip() for line in (ran.err or ran.out).splitlines() if line.strip()]
    grave = [line for line in lines if "[emerg]" in line or "[error]" in line]
    return next(iter([*grave, *lines[-1:]]), ran.failure.message if ran.failure else "it failed")


async def _mark(hands: Hands, number: int, step: Command | Edit) -> None:
    """How the chain of a firewall's rule was before a step: its undo goes by that."""
    made = chains.change(step.argv) if isinstance(step, Command) else None
    if made is not None:
        await hands.script('f=$1; shift; "$@" > "$f"', hands.at(f"{number}.chain"), *made.listing)


async def _edit(hands: Hands, made: Written, number: int, step: Edit) -> None:
    earlier = [n for n in range(number) if _edits(made.steps[n], step.path)]
    before = f"{earlier[-1]}.after" if earlier else f"{_copy(made, number)}.before"
    await hands.replace(f"{number}.after", step.path, before)


def _edits(step: Command | Edit, path: str) -> bool:
    return isinstance(step, Edit) and step.path == path


def _copy(made: Written, number: int) -> str:
    """The name of the copy of the file that a step edits: they were made in the steps' order."""
    paths = dict.fromkeys(path for step in made.steps for path in (*touched(step), *modes(step)))
    step = made.steps[number]
    assert isinstance(step, Edit)
    return made.kept[list(paths).index(step.path)].name


# Did it help?


async def _settled(cause: Finding, before: Report, look: Look) -> Report:
    report, looked = before, 0
    for pause in PAUSES:
        await asyncio.sleep(pause)
        report, looked = await look(), looked + 1
        # What is new may come of the change itself: it is looked at a second time.
        new = any(unseen(one, before) for one in report.causes)
        if worse(cause, before, report) is None and (looked > 1 or not new):
            break
    return report


# Back


async def take_back(machine: Machine, made: Written, tell: Tell) -> None:
    """Every file to the byte, every command by its own undo, in the other order; then what makes
    programs read their files again. May be cut off and begun anew. Stuck where somebody else
    changed a file in between: what they wrote is not lost."""
    hands = Hands(machine, made.folder)
    journal = Journal(hands)
    await _unchanged_by_others(hands, made)
    await journal.note("undoing")
    begun = [number for number in range(len(made.steps)) if number in made.begun]
    again = _again_after([made.steps[number] for number in begun])
    for number in reversed(begun):
        step = made.steps[number]
        if step not in again and (argv := await _undoing(hands, number, step)):
            tell("undo", Command(argv))
            await hands.run(argv)
    for one in reversed(made.kept):
        await _put_back(hands, one)
    for step in again:
        tell("undo", step)
        # A configuration that does not load was the fault: nothing is reloaded then.
        if (await hands.run(step.argv)).failure is not None:
            break
    await journal.note("undone")
    if made.folder == journals.CURRENT:
        await journals.end(machine, f"{made.check}-undone")


async def _undoing(hands: Hands, number: int, step: Command | Edit) -> tuple[str, ...]:
    """The command that undoes a step; () where there is none, or nothing to undo: a rule that
    was not taken away yet, or is back already, must not be there twice."""
    if isinstance(step, Edit):
        return ()
    made = chains.change(step.argv)
    if made is None:
        return step.undo
    before = await hands.machine.read(hands.at(f"{number}.chain"))
    now = await hands.run(made.listing)
    if before.failure is not None or now.failure is not None:
        return step.undo
    if chains.same(before.text, now.out):
        return ()
    if step.undo and made.gone is not None:
        return chains.back(made, before.text, now.out, step.undo)
    return step.undo or chains.undo(made, before.text, now.out)


def _again_after(begun: list[Command | Edit]) -> list[Command]:
    """What is done once more when the files are as they were: reloads, and restarts, whose start
    is no step to be undone."""
    restarted = False
    again: list[Command] = []
    for step in begun:
        if not isinstance(step, Command):
            continue
        restarted = restarted or stops(step)
        if takes_effect(step) or stops(step) or restarted:
            again.append(step)
    return again


async def _put_back(hands: Hands, one: Kept) -> None:
    if not one.mode:
        await hands.restore(f"{one.name}.before", one.path)
        return
    mode, _, owner = one.mode.partition(" ")
    await hands.script('chown "$2" -- "$3" && chmod "$1" -- "$3"', mode, owner, one.path)


async def _unchanged_by_others(hands: Hands, made: Written) -> None:
    """A file that was edited holds what it held before or what one of the steps made of it; once
    the fix has ended, so does whatever else it may have changed."""
    if made.state == "healed":
        for one in made.kept:
            if not one.mode and not await hands.same(f"{one.name}.left", one.path):
                raise Stuck(_changed(hands, one.path))
        return
    for path in dict.fromkeys(step.path for step in made.steps if isinstance(step, Edit)):
        numbers = [n for n, step in enumerate(made.steps) if _edits(step, path)]
        known = [f"{_copy(made, numbers[0])}.before", *(f"{n}.after" for n in numbers)]
        if not any([await hands.same(name, path) for name in known]):
            raise Stuck(_changed(hands, path))


def _changed(hands: Hands, path: str) -> str:
    return f"{path} was changed by somebody else since: {hands.folder} has the copies"


async def resume(
    machine: Machine, made: Written, before: Report, look: Look, tell: Tell
) -> Outcome:
    """Take up a fix that was cut off. A command that was begun and did not end is undone first
    where it can be."""
    hands = Hands(machine, made.folder)
    for number in made.begun:
        if number not in made.ended and (argv := await _undoing(hands, number, made.steps[number])):
            await hands.run(argv)
    cause = next((one for one in before.causes if one.check.id == made.check), None)
    return await _do(machine, Journal(hands), made, cause, before, look, tell)
