"""A plan, carried out: save, change, see whether it helped, and take it back where it did not.

Whatever is about to be done stands in the journal before, so that a fix that is killed at any
moment can be taken up or taken back, by the journal alone.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Awaitable, Callable
from typing import Literal

from diagnose.fixing import automatic_undo, open_ports, rule_undo, way_in
from diagnose.fixing import journal as journals
from diagnose.fixing.journal import Journal, Kept, Written
from diagnose.fixing.nginx_test_progress import is_further
from diagnose.fixing.plan import Plan, modes, named_paths, renames, touched
from diagnose.fixing.remote_files import MODE, Hands, Stuck, why
from diagnose.fixing.rollback import Remains, Tell, copy_of, edits, take_back, undoing
from diagnose.fixing.verification import unseen, worse
from diagnose.machine import Machine
from diagnose.model import Command, Edit, Finding, Report
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.edits import patched

#: Seconds before the site is looked at, and looked at again where that did not help: servers take
#: a moment to change over.
PAUSES = (0.2, 0.5, 1.0, 2.0)

Look = Callable[[], Awaitable[Report]]


@frozen(eq=False)
class Outcome:
    """How it ended. `why` is the machine's own word, `report` the last look, `folder` where the
    copies lie, `left` what could not be taken back."""

    state: Literal["healed", "rolled-back", "untouched", "stuck", "undone"]
    why: str = ""
    report: Report | None = None
    folder: str = ""
    left: tuple[Remains, ...] = ()


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
        await automatic_undo.arm(journal.hands, made)
        await _steps(journal, made, before, tell)
        tell("looking", None)
        report = await _settled(journal.hands, cause, before, look)
        fault = worse(cause, before, report) if cause else None
        fault = fault or open_ports.shut(before, report, await way_in.client(machine))
        fault = fault or await way_in.shut(machine)
        if fault is None:
            await journal.note("healed")
            await automatic_undo.disarm(journal.hands)
            return Outcome("healed", "", report, await journals.end(machine, made.check))
    except Stuck as stuck:
        report, fault = None, str(stuck)
    tell("undoing", None)
    try:
        left = await take_back(machine, await _again(machine, made), tell)
    except Stuck as stuck:
        return Outcome("stuck", f"{fault}; {stuck}", report, made.folder)
    return Outcome("rolled-back", fault, report, left=left)


async def _again(machine: Machine, made: Written) -> Written:
    return await journals.written(machine, made.folder) or made


# Before anything is changed


async def _save(journal: Journal, plan: Plan, before: Report, at: str) -> Written:
    """Copies of all that may be changed, what the edits will make of it, then the plan."""
    hands = journal.hands
    named = [path for step in plan.steps for path in named_paths(step)]
    if named:
        await hands.may_change(tuple(dict.fromkeys(named)))
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
        said = await hands.script(MODE, path)
        return Kept(name, path, said.strip())
    if how == "itself":
        await hands.save(f"{name}.before", path)
        return Kept(name, path)
    # What a link leads to is changed, and not the link.
    real = await hands.real_path(path)
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


async def _steps(journal: Journal, made: Written, before: Report, tell: Tell) -> None:
    """All of them, or as far as nginx's test, where that complains of something else now."""
    for number, step in enumerate(made.steps):
        if number in made.ended:
            continue
        tell("step", step)
        await automatic_undo.prolong(journal.hands)
        await _mark(journal.hands, number, step)
        await journal.note("begin", step=number)
        if isinstance(step, Edit):
            await _edit(journal.hands, made, number, step)
        else:
            ran = await journal.hands.run(step.argv)
            if ran.failure is not None:
                if not is_further(made.steps[:number], step, ran, before.evidence):
                    raise Stuck(f"{shlex.join(step.argv)}: {why(ran)}")
                tell("further", None)
                break
        await journal.note("end", step=number)
    for one in made.kept:
        # What it is now, so that an undo sees whether somebody changed it since.
        if not one.mode:
            await journal.hands.save(f"{one.name}.left", one.path)


async def _mark(hands: Hands, number: int, step: Command | Edit) -> None:
    """How the chain of a firewall's rule was before a step: its undo goes by that."""
    made = rule_undo.change(step.argv) if isinstance(step, Command) else None
    if made is not None:
        await hands.script('f=$1; shift; "$@" > "$f"', hands.at(f"{number}.chain"), *made.listing)


async def _edit(hands: Hands, made: Written, number: int, step: Edit) -> None:
    earlier = [n for n in range(number) if edits(made.steps[n], step.path)]
    before = f"{earlier[-1]}.after" if earlier else f"{copy_of(made, number)}.before"
    await hands.replace(f"{number}.after", step.path, before)


# Did it help?


async def _settled(hands: Hands, cause: Finding | None, before: Report, look: Look) -> Report:
    """The look afterwards; several until it helped, where it is known what should have gone."""
    report, looked = before, 0
    for pause in PAUSES:
        await automatic_undo.prolong(hands)
        await asyncio.sleep(pause)
        report, looked = await look(), looked + 1
        if cause is None:
            break
        # What is new may come of the change itself: it is looked at a second time.
        new = any(unseen(one, before) for one in report.causes)
        if worse(cause, before, report) is None and (looked > 1 or not new):
            break
    return report


# Taken up again


async def resume(
    machine: Machine, made: Written, before: Report, look: Look, tell: Tell
) -> Outcome:
    """Take up a fix that was cut off. A command that was begun and did not end is undone first
    where it can be."""
    hands = Hands(machine, made.folder)
    for number in made.begun:
        if number not in made.ended and (argv := await undoing(hands, number, made.steps[number])):
            await hands.run(argv)
    cause = next((one for one in before.causes if one.check.id == made.check), None)
    return await _do(machine, Journal(hands), made, cause, before, look, tell)
