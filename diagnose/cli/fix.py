"""`diagnose fix`: shows what it will do, asks, does it, looks again, and takes it back where that
did not help."""

import asyncio
from collections.abc import Awaitable, Callable

from diagnose import fixing
from diagnose.checking.root_cause import verdict
from diagnose.fixing import Busy, Left, Outcome, Plan, Remains, Stuck, Way, Written
from diagnose.i18n.reports import say
from diagnose.machine import Machine
from diagnose.model import Command, Edit, Host, Report, Target, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.terminal import Page
from diagnose.parsers.target import read

#: So many causes are remedied in one call: each look may bring one to light.
MOST = 12


@frozen
class Talk:
    """Whom it talks to: `write` prints, `ask` asks a question and waits, None where nobody is to
    be asked; `dry` shows and does nothing."""

    view: View
    write: Callable[[str], None]
    ask: Callable[[str], bool] | None
    dry: bool = False

    def say(self, key: str, **facts: object) -> None:
        self.write(say(key, self.view.lang, **facts) + "\n")

    def agreed(self, key: str) -> bool:
        return self.ask is None or self.ask(say(key, self.view.lang))

    def page(self) -> Page:
        return Page(self.view.width, self.view.color, self.view.ascii)


Look = Callable[[], Awaitable[Report]]
Steps = tuple[Command | Edit, ...]


async def fix(machine: Machine, look: Look, talk: Talk) -> int:
    """Remedy one cause after another; the exit status is that of the last look."""
    await _tell_what_was_undone(machine, talk)
    report = await look()
    agreed: set[str] = set()
    shown = False
    for _ in range(MOST):
        plans, left = fixing.plans(report)
        new = [plan for plan in plans if _name(plan) not in agreed]
        shown = bool(new or not agreed or (left and not plans))
        if shown:
            _show(report, plans, left, talk)
        if not plans or talk.dry:
            break
        if not any(seen.vantage is Vantage.SERVER for seen in report.evidence.of(Host)):
            talk.say("fix.elsewhere")
            break
        if new and not talk.agreed("fix.ask"):
            talk.say("fix.nothing-done")
            break
        agreed |= {_name(plan) for plan in plans}
        outcome = await _carry_out(machine, plans[0], report, look, talk)
        if outcome.state != "healed" or outcome.report is None:
            return verdict(outcome.report or report).exit_status or 2
        report, shown = outcome.report, False
    if not shown:
        page = talk.page()
        page.add(finding_text.sentence(report, talk.view.lang))
        texts.unseen(page, report, talk.view)
        talk.write(page.text())
    return verdict(report).exit_status


async def undo(machine: Machine, talk: Talk) -> int:
    """Take the last fix back, or one that was cut off."""
    try:
        await _tell_what_was_undone(machine, talk)
        written = await fixing.latest(machine)
        if written is None:
            await fixing.forget(machine)
            talk.say("undo.nothing")
            return 0
        talk.say("undo.this", check=written.check, target=written.target, at=written.at)
        ways = await fixing.ways(machine, written)
        for way in ways:
            talk.write(f"  {_way(way, talk)}\n")
        if talk.dry:
            return 0
        some = any(way.how != "stays" for way in ways)
        if some and not talk.agreed("undo.ask"):
            talk.say("fix.nothing-done")
            return 0
        left = await fixing.take_back(machine, written, _silent)
    except Stuck as stuck:
        talk.say("fix.stuck", why=stuck)
        return 2
    if not left:
        talk.say("undo.done")
    else:
        talk.say("undo.done-but" if some else "undo.none")
        _remains(left, talk)
    return 2 if any(one.how == "failed" for one in left) else 0


async def resume(machine: Machine, look: Callable[[Target], Awaitable[Report]], talk: Talk) -> int:
    """Go on with a fix that was cut off."""
    try:
        await _tell_what_was_undone(machine, talk)
        written = await fixing.latest(machine)
        if written is None or written.state in {"healed", "undone"}:
            talk.say("resume.nothing")
            return 0
        if written.state == "undoing":
            return await undo(machine, talk)
        talk.say("resume.this", check=written.check, target=written.target, at=written.at)
        for step in written.steps:
            talk.write(f"  {_line(step, talk)}\n")
        if talk.dry or not talk.agreed("fix.ask"):
            talk.say("fix.nothing-done")
            return 0
        target = read(written.target, written.websockets)
        before = await look(target)
        outcome = await fixing.resume(machine, written, before, lambda: look(target), _tell(talk))
    except Stuck as stuck:
        talk.say("fix.stuck", why=stuck)
        return 2
    _ended(outcome, written.steps, talk)
    return verdict(outcome.report or before).exit_status


async def _tell_what_was_undone(machine: Machine, talk: Talk) -> None:
    """A fix that was cut off and took itself back: the next one says so."""
    for written in await fixing.unreported(machine):
        talk.say("undo.by-itself", check=written.check, target=written.target, at=written.at)


def _name(plan: Plan) -> str:
    """What is agreed to: about this cause these commands and these files. A diff's lines move
    with what was changed above them."""
    steps = (
        finding_text.shell(one) if isinstance(one, Command) else one.path for one in plan.steps
    )
    return "\n".join((f"{plan.cause.check.id} {plan.cause.claim.about}", *steps))


async def _carry_out(
    machine: Machine, plan: Plan, report: Report, look: Look, talk: Talk
) -> Outcome:
    lang = talk.view.lang
    talk.write(f"{plan.cause.check.id}: {finding_text.title(plan.cause, lang)}\n")
    at = report.evidence.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    try:
        outcome = await fixing.carry_out(machine, plan, report, at, look, _tell(talk))
    except Busy as busy:
        _busy(busy.written, talk)
        return Outcome("untouched")
    except asyncio.CancelledError:
        talk.say("fix.cut-off")
        raise
    _ended(outcome, plan.steps, talk)
    return outcome


def _busy(written: Written | None, talk: Talk) -> None:
    if written is None:
        talk.say("fix.busy-unknown")
    else:
        talk.say("fix.busy", check=written.check, target=written.target, at=written.at)


def _ended(outcome: Outcome, steps: Steps, talk: Talk) -> None:
    key, lasting = f"fix.{outcome.state}", ""
    if outcome.state == "healed" and (stays := fixing.lasting(steps)):
        lasting = ", ".join(_line(one, talk) for one in stays)
        key += "-but" if any(map(fixing.comes_back, steps)) else "-for-good"
    elif outcome.left:
        key += "-but"
    talk.say(key, why=outcome.why, folder=outcome.folder, steps=lasting)
    _remains(outcome.left, talk)


def _remains(left: tuple[Remains, ...], talk: Talk) -> None:
    for one in left:
        line = _line(one.step, talk)
        talk.write(f"  {say(f'undo.{one.how}', talk.view.lang, step=line, why=one.why)}\n")


def _tell(talk: Talk) -> Callable[[str, Command | Edit | None], None]:
    def tell(what: str, step: Command | Edit | None) -> None:
        if step is not None:
            talk.write(f"  {_line(step, talk)}\n")
        else:
            talk.write(f"  {say(f'fix.{what}', talk.view.lang)}\n")

    return tell


def _silent(what: str, step: Command | Edit | None) -> None:
    """What an undo does has just been listed."""


def _way(way: Way, talk: Talk) -> str:
    if way.step is None:
        return say("undo.restore", talk.view.lang, path=way.path)
    line = _line(way.step, talk)
    return say("undo.stays", talk.view.lang, step=line) if way.how == "stays" else line


def _line(step: Command | Edit, talk: Talk) -> str:
    """A step in one line."""
    if isinstance(step, Edit):
        return say("fix.edit", talk.view.lang, path=step.path)
    return f"$ {finding_text.shell(step)}"


def _show(report: Report, plans: tuple[Plan, ...], left: tuple[Left, ...], talk: Talk) -> None:
    lang, page = talk.view.lang, talk.page()
    status = verdict(report).status
    page.add(
        (status, f"{page.sign(status)} {say(status, lang)}"),
        f"  {finding_text.sentence(report, lang)}",
    )
    for number, plan in enumerate(plans, 1):
        page.blank()
        title = f"{number}. {plan.cause.check.id}: {finding_text.title(plan.cause, lang)}"
        page.prose(title, "", 0, "bold")
        page.prose(finding_text.risk(plan.cause, lang), f"= {say('risk', lang)}: ", 2, "dim")
        texts.steps(page, plan.cause, talk.view)
        for step in fixing.lasting(plan.steps):
            page.prose(say("undo.stays", lang, step=_line(step, talk)), "", 2)
    for one in left:
        page.blank()
        page.prose(f"{one.cause.check.id}: {finding_text.title(one.cause, lang)}", "- ", 0, "bold")
        page.prose(say(f"fix.left.{one.reason}", lang), "", 2)
        page.add("  ", ("command", finding_text.explain(one.cause)))
    if not plans and not left and status == "ok":
        page.prose(say("fix.nothing-wrong", lang), "", 0)
    talk.write(page.text() + "\n")
