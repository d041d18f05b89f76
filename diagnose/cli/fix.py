"""`diagnose fix`: shows the plan, asks, applies it, diagnoses again, and rolls back if it did not
help."""

import asyncio
from collections.abc import Awaitable, Callable

from diagnose import engine
from diagnose.checking.verdicts import verdict
from diagnose.cli.request import FixRequest
from diagnose.cli.runs import open_machine
from diagnose.fixing import apply, rollback
from diagnose.fixing import journal as journals
from diagnose.fixing import plan as planning
from diagnose.fixing.apply import Outcome
from diagnose.fixing.journal import FixInProgress, JournalEntry
from diagnose.fixing.plan import Plan, Problem, SkippedCause
from diagnose.fixing.remote_files import FixError
from diagnose.fixing.rollback import Residue, UndoStep
from diagnose.i18n.fix import translate
from diagnose.i18n.reports import translate as label
from diagnose.machine import Machine
from diagnose.model import Command, Edit, Host, Report, Target, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.net.local import LocalNet
from diagnose.outputs import finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.folding import FoldingPage
from diagnose.outputs.terminal import Page
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.parsers.target import parse_target

#: The largest number of causes fixed in one call. Each diagnosis may reveal a new cause.
MAX_FIXES = 12
#: The largest number of fixes that are tried and undone in one call.
MAX_UNDONE = 4


@frozen
class Attempt:
    """A fix that was tried: the problem, and how it ended (`Outcome.state`)."""

    problem: Problem
    state: str


@frozen
class Dialog:
    """The dialog with the user. `write` prints. `ask` asks a yes/no question; it is None if no
    questions are asked, and then everything is confirmed. With `dry_run`, plans are shown and not
    applied. With `folds`, a long command is continued with a backslash, as the full screen needs it
    (a terminal wraps by itself, and copies one line)."""

    view: View
    write: Callable[[str], None]
    ask: Callable[[str], bool] | None
    dry_run: bool = False
    folds: bool = False

    def say(self, key: str, **facts: object) -> None:
        text = translate(key, self.view.lang, **facts)
        if self.folds:
            page = self.page()
            page.prose(text.strip(), "", len(text) - len(text.lstrip()))
            text = page.text().rstrip("\n")
        self.write(f"{text}\n")

    def confirm(self, key: str) -> bool:
        return self.ask is None or self.ask(translate(key, self.view.lang))

    def page(self) -> Page:
        kind = FoldingPage if self.folds else Page
        return kind(self.view.width, self.view.color, self.view.ascii)

    def write_step(self, text: str) -> None:
        """Print a step on lines of its own."""
        page = self.page()
        page.code(text, 2, "")
        self.write("\n".join(page.lines) + "\n")


DiagnosisRunner = Callable[[], Awaitable[Report]]
Steps = tuple[Command | Edit, ...]


async def execute(request: FixRequest, dialog: Dialog) -> int:
    """Fix, undo or resume as requested. Return the exit status."""
    options = request.run.options

    async def run_diagnosis(target: Target) -> Report:
        return await engine.run(target, options, LocalNet(), server_machine=machine)

    async with open_machine(options) as machine:
        assert machine is not None, "fix always has a server"
        match request.action:
            case "undo":
                return await undo(machine, dialog)
            case "resume":
                return await resume(machine, run_diagnosis, dialog)
            case "fix":
                return await fix(machine, lambda: run_diagnosis(request.run.targets[0]), dialog)


async def fix(machine: Machine, run_diagnosis: DiagnosisRunner, dialog: Dialog) -> int:
    """Fix one cause after another. After a fix that was undone, go on with the next cause. Return
    the exit status of the last diagnosis."""
    try:
        await _report_automatic_undos(machine, dialog)
    except FixError as error:
        # What is wrong may be just what keeps us out: the diagnosis from here tells more.
        dialog.say("fix.not-entered", why=error)
    report = await run_diagnosis()
    agreed_plans: set[str] = set()
    attempts: list[Attempt] = []
    is_reported = False
    for _ in range(MAX_FIXES):
        plans, skipped = planning.plans(report, _undone_problems(attempts))
        new_plans = [plan for plan in plans if _plan_key(plan) not in agreed_plans]
        is_reported = bool(new_plans or not agreed_plans or (skipped and not plans))
        if is_reported:
            _show_plans(report, plans, skipped, dialog)
        if not plans or dialog.dry_run:
            break
        if not _may_apply(report, new_plans, dialog):
            break
        agreed_plans |= {_plan_key(plan) for plan in plans}
        outcome = await _apply_plan(machine, plans[0], report, run_diagnosis, dialog)
        attempts.append(Attempt(planning.problem_of(plans[0].cause), outcome.state))
        if outcome.state == "healed" and outcome.report is not None:
            report, is_reported = outcome.report, False
            continue
        if not _may_go_on(attempts, outcome, report):
            if len(attempts) > 1:
                _show_plans(report, *planning.plans(report, _undone_problems(attempts)), dialog)
            _show_attempts(attempts, dialog)
            return verdict(outcome.report or report).exit_status or 2
        dialog.say("fix.next")
        report, is_reported = await run_diagnosis(), False
    if not is_reported:
        _show_verdict(report, dialog)
    _show_attempts(attempts, dialog)
    return verdict(report).exit_status


def _undone_problems(attempts: list[Attempt]) -> set[Problem]:
    """Return the problems whose fix did not help since the last one that did: a fix that lacked
    another one before may help now."""
    problems: set[Problem] = set()
    for attempt in attempts:
        problems = set() if attempt.state == "healed" else problems | {attempt.problem}
    return problems


def _may_go_on(attempts: list[Attempt], outcome: Outcome, report: Report) -> bool:
    """Return True if a fix left nothing behind, and another cause has a fix that was not tried.
    Where a part of it could not be undone, the next fix would change what nobody knows."""
    is_undone = outcome.state == "rolled-back" and all(
        residue.reason == "stays" for residue in outcome.residues
    )
    # Without an error, another fix is running.
    is_untouched = outcome.state == "untouched" and outcome.error != ""
    failed = sum(attempt.state != "healed" for attempt in attempts)
    plans, _ = planning.plans(report, _undone_problems(attempts))
    return (is_undone or is_untouched) and failed < MAX_UNDONE and bool(plans)


def _show_attempts(attempts: list[Attempt], dialog: Dialog) -> None:
    """List what was tried, if one of several fixes did not help: what is undone, and what is not,
    stands far above by then."""
    if len(attempts) < 2 or all(attempt.state == "healed" for attempt in attempts):
        return
    dialog.say("fix.tried")
    for (check, about), state in ((attempt.problem, attempt.state) for attempt in attempts):
        dialog.say(f"fix.tried.{state}", check=f"{check} ({about})" if about else check)


def _may_apply(report: Report, new_plans: list[Plan], dialog: Dialog) -> bool:
    """Return True if the server was seen from inside and the user agrees to what is new; otherwise
    say why nothing is done."""
    if not any(host.vantage is Vantage.SERVER for host in report.evidence.of(Host)):
        dialog.say("fix.elsewhere")
        return False
    if new_plans and not dialog.confirm("fix.ask"):
        dialog.say("fix.nothing-done")
        return False
    return True


def _show_verdict(report: Report, dialog: Dialog) -> None:
    page = dialog.page()
    page.prose(verdict_sentence(report, dialog.view.lang))
    texts.add_evidence_gaps(page, report, dialog.view)
    dialog.write(page.text())


async def undo(machine: Machine, dialog: Dialog) -> int:
    """Undo the last fix, or an interrupted one. Return the exit status."""
    try:
        await _report_automatic_undos(machine, dialog)
        entry = await journals.latest_entry(machine)
        if entry is None:
            await journals.discard(machine)
            dialog.say("undo.nothing")
            return 0
        dialog.say("undo.this", check=entry.check, target=entry.target, at=entry.at)
        undo_steps = await rollback.undo_plan(machine, entry)
        for undo_step in undo_steps:
            _write_undo_step(undo_step, dialog)
        if dialog.dry_run:
            return 0
        is_reversible = any(undo_step.action != "stays" for undo_step in undo_steps)
        if is_reversible and not dialog.confirm("undo.ask"):
            dialog.say("fix.nothing-done")
            return 0
        residues = await rollback.roll_back(machine, entry, _ignore_progress)
    except FixError as error:
        dialog.say("fix.stuck", why=error)
        return 2
    if not residues:
        dialog.say("undo.done")
    else:
        dialog.say("undo.done-but" if is_reversible else "undo.none")
        _report_residues(residues, dialog)
    return 2 if any(residue.reason == "failed" for residue in residues) else 0


async def resume(
    machine: Machine, run_diagnosis: Callable[[Target], Awaitable[Report]], dialog: Dialog
) -> int:
    """Continue an interrupted fix. Return the exit status."""
    try:
        await _report_automatic_undos(machine, dialog)
        entry = await journals.latest_entry(machine)
        if entry is None or entry.state in {"healed", "undone"}:
            dialog.say("resume.nothing")
            return 0
        if entry.state == "undoing":
            return await undo(machine, dialog)
        dialog.say("resume.this", check=entry.check, target=entry.target, at=entry.at)
        for step in entry.steps:
            dialog.write_step(_step_text(step, dialog))
        if dialog.dry_run or not dialog.confirm("fix.ask"):
            dialog.say("fix.nothing-done")
            return 0
        target = parse_target(entry.target, entry.websockets)
        before = await run_diagnosis(target)
        outcome = await apply.resume(
            machine, entry, before, lambda: run_diagnosis(target), _progress_callback(dialog)
        )
    except FixError as error:
        dialog.say("fix.stuck", why=error)
        return 2
    _report_outcome(outcome, entry.steps, dialog)
    return verdict(outcome.report or before).exit_status


async def _report_automatic_undos(machine: Machine, dialog: Dialog) -> None:
    """Report the interrupted fixes that were undone automatically."""
    for entry in await journals.unreported_entries(machine):
        dialog.say("undo.by-itself", check=entry.check, target=entry.target, at=entry.at)


def _plan_key(plan: Plan) -> str:
    """Return what the user agrees to: the cause with its commands, files and changed lines. The
    numbers of lines and those around are left out: they move with changes above them."""
    steps = (
        finding_text.shell_command(step) if isinstance(step, Command) else _changed_lines(step)
        for step in plan.steps
    )
    return "\n".join((f"{plan.cause.check.id} {plan.cause.claim.about}", *steps))


def _changed_lines(edit: Edit) -> str:
    lines = edit.diff.split("\n")
    return "\n".join((edit.path, *(line for line in lines if line.startswith(("+", "-")))))


async def _apply_plan(
    machine: Machine, plan: Plan, report: Report, run_diagnosis: DiagnosisRunner, dialog: Dialog
) -> Outcome:
    lang = dialog.view.lang
    dialog.write(f"{plan.cause.check.id}: {finding_text.title(plan.cause, lang)}\n")
    at = report.evidence.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    try:
        outcome = await apply.apply_plan(
            machine, plan, report, at, run_diagnosis, _progress_callback(dialog)
        )
    except FixInProgress as error:
        _report_busy(error.entry, dialog)
        return Outcome("untouched")
    except asyncio.CancelledError:
        dialog.say("fix.cut-off")
        raise
    _report_outcome(outcome, plan.steps, dialog)
    return outcome


def _report_busy(entry: JournalEntry | None, dialog: Dialog) -> None:
    if entry is None:
        dialog.say("fix.busy-unknown")
    else:
        dialog.say("fix.busy", check=entry.check, target=entry.target, at=entry.at)


def _report_outcome(outcome: Outcome, steps: Steps, dialog: Dialog) -> None:
    key, irreversible = f"fix.{outcome.state}", ""
    if outcome.state == "healed" and (irreversible_steps := planning.irreversible_steps(steps)):
        irreversible = ", ".join(_step_text(step, dialog) for step in irreversible_steps)
        key += "-but" if any(map(planning.is_reversible, steps)) else "-for-good"
    elif outcome.residues:
        key += "-but"
    dialog.say(key, why=outcome.error, folder=outcome.folder, steps=irreversible)
    _report_residues(outcome.residues, dialog)


def _report_residues(residues: tuple[Residue, ...], dialog: Dialog) -> None:
    for residue in residues:
        line = _step_text(residue.step, dialog)
        if residue.reason == "stays":
            _write_irreversible(line, dialog)
            continue
        key = f"undo.{residue.reason}"
        text = translate(key, dialog.view.lang, step=line, why=residue.error)
        dialog.write(f"  {text}\n")


def _write_irreversible(step: str, dialog: Dialog) -> None:
    dialog.write(f"  {translate('undo.stays', dialog.view.lang)}\n")
    dialog.write_step(step)


def _progress_callback(dialog: Dialog) -> Callable[[str, Command | Edit | None], None]:
    def report_progress(stage: str, step: Command | Edit | None) -> None:
        if step is not None:
            dialog.write_step(_step_text(step, dialog))
        else:
            dialog.write(f"  {translate(f'fix.{stage}', dialog.view.lang)}\n")

    return report_progress


def _ignore_progress(stage: str, step: Command | Edit | None) -> None:
    """Do nothing: the actions of the undo have just been listed."""


def _write_undo_step(undo_step: UndoStep, dialog: Dialog) -> None:
    if undo_step.step is None:
        dialog.write_step(translate("undo.restore", dialog.view.lang, path=undo_step.path))
    elif undo_step.action == "stays":
        _write_irreversible(_step_text(undo_step.step, dialog), dialog)
    else:
        dialog.write_step(_step_text(undo_step.step, dialog))


def _step_text(step: Command | Edit, dialog: Dialog) -> str:
    """Return a step on one line."""
    if isinstance(step, Edit):
        return translate("fix.edit", dialog.view.lang, path=step.path)
    return f"$ {finding_text.shell_command(step)}"


def _show_plans(
    report: Report, plans: tuple[Plan, ...], skipped: tuple[SkippedCause, ...], dialog: Dialog
) -> None:
    lang, page = dialog.view.lang, dialog.page()
    status = verdict(report).status
    page.flow(
        (status, f"{page.sign(status)} {label(status, lang)}"),
        f"  {verdict_sentence(report, lang)}",
    )
    for number, plan in enumerate(plans, 1):
        page.blank()
        title = f"{number}. {plan.cause.check.id}: {finding_text.title(plan.cause, lang)}"
        page.prose(title, "", 0, "bold")
        page.prose(finding_text.risk_text(plan.cause, lang), f"= {label('risk', lang)}: ", 2, "dim")
        texts.add_steps(page, plan.cause, dialog.view)
        if irreversible_steps := planning.irreversible_steps(plan.steps):
            page.prose(translate("undo.stays", lang), "", 2)
        for step in irreversible_steps:
            page.code(_step_text(step, dialog), 4, "")
    for skipped_cause in skipped:
        page.blank()
        _add_skipped_cause(page, report, skipped_cause, dialog.view)
    if not plans and not skipped and status == "ok":
        page.prose(translate("fix.nothing-wrong", lang), "", 0)
    dialog.write(page.text() + "\n")


def _add_skipped_cause(page: Page, report: Report, skipped_cause: SkippedCause, view: View) -> None:
    """Add a cause that is left to the user: why, its steps, and what to type after them."""
    cause, reason, lang = skipped_cause.cause, skipped_cause.reason, view.lang
    page.prose(f"{cause.check.id}: {finding_text.title(cause, lang)}", "- ", 0, "bold")
    page.prose(translate(f"fix.left.{reason}", lang), "", 2)
    # The check's page has no steps: they hold what this run found.
    if finding_text.steps(cause):
        texts.add_steps(page, cause, view)
        if reason != "undone":
            page.prose(translate("fix.left.then", lang), "", 2)
            page.code(f"$ {finding_text.verify_command(report, cause, view)}", 4)
    page.code(f"$ {finding_text.explain_command(cause)}", 4)
