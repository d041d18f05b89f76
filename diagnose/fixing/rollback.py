"""The way back: every command by its own undo, in the other order; every file to the byte; then
what makes programs read their files again. And what nothing takes back, which has to be said.
"""

from collections.abc import AsyncIterator, Callable
from typing import Literal

from diagnose.fixing import automatic_undo, rule_undo
from diagnose.fixing import journal as journals
from diagnose.fixing.journal import Journal, Kept, Written
from diagnose.fixing.plan import lasting, modes, once_more, rereads, touched
from diagnose.fixing.remote_files import MODE, Hands, Stuck, why
from diagnose.machine import Machine
from diagnose.model import Command, Edit
from diagnose.model.frozen import frozen

#: What is told while it is done: the word for it, and the step it is about.
Tell = Callable[[str, Command | Edit | None], None]


@frozen
class Way:
    """What an undo will do: run a command, put back what is at `path`, have a program read its
    files again; or not: a step that `stays`."""

    how: Literal["undo", "restore", "again", "stays"]
    step: Command | None = None
    path: str = ""


@frozen
class Remains:
    """What is not as it was before. `stays`: nothing takes the step back. `failed`: the command
    that was to take one back ended badly. `not-read`: a program does not take its files as they
    were before, and goes on with what it has read."""

    how: Literal["stays", "failed", "not-read"]
    step: Command
    why: str = ""


async def ways(machine: Machine, made: Written) -> tuple[Way, ...]:
    """What `take_back` would do now, in its order, and what it would not."""
    hands, steps = Hands(machine, made.folder), _begun(made)
    own = [argv async for _, argv in _own_undos(hands, made)]
    changed = [one.path for one in made.kept if not await _is_as_before(hands, one)]
    return (
        *(Way("undo", Command(argv)) for argv in own),
        *(Way("restore", path=path) for path in changed),
        *(Way("again", step) for step in once_more(steps)),
        *(Way("stays", step) for step in lasting(steps)),
    )


async def take_back(machine: Machine, made: Written, tell: Tell) -> tuple[Remains, ...]:
    """Do it; what is left. May be cut off and begun anew. Stuck where somebody else changed a
    file in between: what they wrote is not lost."""
    hands, steps = Hands(machine, made.folder), _begun(made)
    journal = Journal(hands)
    is_open = made.folder == journals.CURRENT
    if is_open:
        await automatic_undo.prolong_if_armed(hands)
    await _unchanged_by_others(hands, made)
    await journal.note("undoing")
    left: list[Remains] = []
    doubted = made.state == "undoing"
    async for number, argv in _own_undos(hands, made):
        tell("undo", Command(argv))
        if is_open:
            await automatic_undo.prolong_if_armed(hands)
        ran = await hands.run(argv)
        # A step that did not come to its end may leave nothing to undo; the first command of an
        # undo that is begun anew may have been run before.
        if ran.failure is not None and number in made.ended and not doubted:
            left.append(Remains("failed", Command(argv), why(ran)))
        await journal.note("back", step=number)
        doubted = False
    for one in reversed(made.kept):
        await _put_back(hands, one)
    for step in once_more(steps):
        tell("undo", step)
        ran = await hands.run(step.argv)
        # A configuration that does not load was the fault: nothing is reloaded then.
        if ran.failure is not None:
            left.append(Remains("not-read", step, why(ran)))
            break
    if is_open:
        await automatic_undo.disarm_if_armed(hands)
    await journal.note("undone")
    if is_open:
        await journals.end(machine, f"{made.check}-undone")
    return (*left, *(Remains("stays", step) for step in lasting(steps)))


def _begun(made: Written) -> list[Command | Edit]:
    return [made.steps[number] for number in sorted(set(made.begun))]


async def _own_undos(hands: Hands, made: Written) -> AsyncIterator[tuple[int, tuple[str, ...]]]:
    """The commands that take steps back, one after the other, the last step's first: each sees
    what the one before it has done."""
    again = rereads(_begun(made))
    for number in sorted(set(made.begun) - set(made.back), reverse=True):
        step = made.steps[number]
        if step not in again and (argv := await undoing(hands, number, step)):
            yield number, argv


async def undoing(hands: Hands, number: int, step: Command | Edit) -> tuple[str, ...]:
    """The command that undoes a step; () where there is none, or nothing to undo: a rule that
    was not taken away yet, or is back already, must not be there twice."""
    if isinstance(step, Edit):
        return ()
    made = rule_undo.change(step.argv)
    if made is None:
        return step.undo
    before = await hands.machine.read(hands.at(f"{number}.chain"))
    now = await hands.run(made.listing)
    if before.failure is not None or now.failure is not None:
        return step.undo
    if rule_undo.same(before.text, now.out):
        return ()
    if step.undo and made.gone is not None:
        return rule_undo.back(made, before.text, now.out, step.undo)
    return step.undo or rule_undo.undo(made, before.text, now.out)


async def _put_back(hands: Hands, one: Kept) -> None:
    if not one.mode:
        await hands.restore(f"{one.name}.before", one.path)
        return
    await hands.set_mode(one.mode, one.path)


async def _is_as_before(hands: Hands, one: Kept) -> bool:
    if not one.mode:
        return await hands.same(f"{one.name}.before", one.path)
    return (await hands.script(MODE, one.path)).strip() == one.mode


async def _unchanged_by_others(hands: Hands, made: Written) -> None:
    """A file that was edited holds what it held before or what one of the steps made of it; once
    the fix has ended, so does whatever else it may have changed."""
    if made.state == "healed":
        for one in made.kept:
            if not one.mode and not await hands.same(f"{one.name}.left", one.path):
                raise Stuck(_changed(hands, one.path))
        return
    for path in dict.fromkeys(step.path for step in made.steps if isinstance(step, Edit)):
        numbers = [n for n, step in enumerate(made.steps) if edits(step, path)]
        known = [f"{copy_of(made, numbers[0])}.before", *(f"{n}.after" for n in numbers)]
        if not any([await hands.same(name, path) for name in known]):
            raise Stuck(_changed(hands, path))


def _changed(hands: Hands, path: str) -> str:
    return f"{path} was changed by somebody else since: {hands.folder} has the copies"


def edits(step: Command | Edit, path: str) -> bool:
    return isinstance(step, Edit) and step.path == path


def copy_of(made: Written, number: int) -> str:
    """The name of the copy of the file that a step edits: they were made in the steps' order."""
    paths = dict.fromkeys(path for step in made.steps for path in (*touched(step), *modes(step)))
    step = made.steps[number]
    assert isinstance(step, Edit)
    return made.kept[list(paths).index(step.path)].name
