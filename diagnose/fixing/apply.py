"""Applies a plan: saves files, changes them, checks whether it helped, and rolls back if not.

Every step is written to the journal before it is done. If the program is killed, the fix can be
resumed or rolled back from the journal alone.
"""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal, assert_never

from diagnose.fixing import automatic_undo, open_ports, rule_undo, way_in
from diagnose.fixing import journal as journals
from diagnose.fixing.journal import Backup, Journal, JournalEntry
from diagnose.fixing.journal_steps import step_to_json
from diagnose.fixing.nginx_test_progress import reveals_next_error
from diagnose.fixing.plan import Plan, named_paths
from diagnose.fixing.remote_files import STAT_MODE, FixError, RemoteFiles, error_line
from diagnose.fixing.rollback import (
    ProgressCallback,
    Residue,
    backup_name,
    edits_file,
    roll_back,
    undo_command,
)
from diagnose.fixing.verification import is_new_finding, regression_reason
from diagnose.machine import Machine
from diagnose.model import Aspect, Command, Edit, Effect, Finding, Report
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.edits import apply_patch

#: Seconds to wait before each diagnosis after the change. Servers need a moment to switch over.
RETRY_DELAYS = (0.2, 0.5, 1.0, 2.0)

DiagnosisRunner = Callable[[], Awaitable[Report]]


@frozen(eq=False)
class Outcome:
    """The result of a fix. `error` is the original error text, `report` the last report, `folder`
    is where the backups are, `residues` are the changes that could not be undone."""

    state: Literal["healed", "rolled-back", "untouched", "stuck", "undone"]
    error: str = ""
    report: Report | None = None
    folder: str = ""
    residues: tuple[Residue, ...] = ()


async def apply_plan(
    machine: Machine,
    plan: Plan,
    before: Report,
    at: str,
    run_diagnosis: DiagnosisRunner,
    on_progress: ProgressCallback,
) -> Outcome:
    """Apply a plan and diagnose again. `at` is the time to write into the journal. Raise
    `FixInProgress` if another fix is open."""
    try:
        journal = await journals.open_journal(machine)
    except FixError as error:
        return Outcome("untouched", str(error))
    try:
        entry = await _save_backups(journal, plan, before, at)
    except FixError as error:
        with contextlib.suppress(FixError):
            await journals.discard(machine)
        return Outcome("untouched", str(error))
    return await _run_and_verify(
        machine, journal, entry, plan.cause, before, run_diagnosis, on_progress
    )


async def _run_and_verify(
    machine: Machine,
    journal: Journal,
    entry: JournalEntry,
    cause: Finding | None,
    before: Report,
    run_diagnosis: DiagnosisRunner,
    on_progress: ProgressCallback,
) -> Outcome:
    """Run the remaining steps and keep or roll back the fix. `cause` is None if it is gone
    already."""
    try:
        await automatic_undo.arm(journal.files, entry)
        await _run_steps(journal, entry, before, on_progress)
        on_progress("looking", None)
        report = await _rerun_until_settled(journal.files, cause, before, run_diagnosis)
        rollback_reason = regression_reason(cause, before, report) if cause else None
        rollback_reason = rollback_reason or open_ports.closed_port_error(
            before, report, await way_in.client_address(machine)
        )
        rollback_reason = rollback_reason or await way_in.new_connection_error(machine)
        if rollback_reason is None:
            await journal.note("healed")
            await automatic_undo.disarm(journal.files)
            return Outcome("healed", "", report, await journals.archive(machine, entry.check))
    except FixError as error:
        report, rollback_reason = None, str(error)
    on_progress("undoing", None)
    try:
        residues = await roll_back(machine, await _reread_entry(machine, entry), on_progress)
    except FixError as error:
        return Outcome("stuck", f"{rollback_reason}; {error}", report, entry.folder)
    return Outcome("rolled-back", rollback_reason, report, residues=residues)


async def _reread_entry(machine: Machine, entry: JournalEntry) -> JournalEntry:
    return await journals.read_entry(machine, entry.folder) or entry


# Before any change


async def _save_backups(journal: Journal, plan: Plan, before: Report, at: str) -> JournalEntry:
    """Save copies of everything that may change, the results of the edits, and then the plan."""
    files = journal.files
    paths = [path for step in plan.steps for path in named_paths(step)]
    if paths:
        await files.check_may_change(tuple(dict.fromkeys(paths)))
    backups = [
        await _back_up(files, f"{number}", path, aspect)
        for number, (path, aspect) in enumerate(_changed_aspects(plan).items())
    ]
    texts: dict[str, str] = {}
    for number, step in enumerate(plan.steps):
        if isinstance(step, Edit):
            if step.path not in texts:
                texts[step.path] = await _read_text(files, step.path)
            text = apply_patch(texts[step.path], step.diff)
            if text is None:
                raise FixError(f"{step.path} has changed since it was looked at")
            texts[step.path] = text
            await files.write(f"{number}.after", text)
    await _save_ruleset(files)
    target = before.evidence.target
    entry = JournalEntry(
        files.folder,
        plan.cause.check.id,
        target.url if target.symptom else target.input,
        at,
        plan.steps,
        tuple(backups),
        target.websockets,
    )
    await journal.note(
        "plan",
        check=entry.check,
        target=entry.target,
        at=at,
        steps=[step_to_json(step) for step in entry.steps],
        websockets=entry.websockets,
        kept=[[backup.name, backup.path, backup.mode] for backup in backups],
    )
    return entry


def _changed_aspects(plan: Plan) -> dict[str, Aspect]:
    """Return what of each path the steps change. A copy of a file has its owner and mode as well,
    so that any other aspect goes before "permissions"."""
    aspects: dict[str, Aspect] = {}
    for step in plan.steps:
        for path in step.changes:
            if aspects.get(path, "permissions") == "permissions":
                aspects[path] = step.aspect
    return aspects


async def _back_up(files: RemoteFiles, name: str, path: str, aspect: Aspect) -> Backup:
    match aspect:
        case "permissions":
            stat_output = await files.script(STAT_MODE, path)
            return Backup(name, path, stat_output.strip())
        case "entry":
            saved_path = path
        case "content" | "settings":
            # If the path is a link, the file that it leads to is changed, not the link.
            saved_path = await files.real_path(path)
        case _:
            assert_never(aspect)
    await files.save(f"{name}.before", saved_path)
    return Backup(name, saved_path)


async def _save_ruleset(files: RemoteFiles) -> None:
    """Save the firewall's rules for a person to compare. The program does not read them."""
    await files.script(
        'command -v nft >/dev/null && nft list ruleset > "$1" 2>/dev/null; :',
        files.file_path("ruleset"),
    )


async def _read_text(files: RemoteFiles, path: str) -> str:
    content = await files.machine.read(path)
    if content.failure is not None and content.failure.kind == "missing":
        return ""
    if content.failure is not None:
        raise FixError(f"{path}: {content.failure.message}")
    if "\ufffd" in content.text or "\0" in content.text:
        raise FixError(f"{path} holds bytes that are no UTF-8: change it by hand")
    return content.text


# The steps


async def _run_steps(
    journal: Journal, entry: JournalEntry, before: Report, on_progress: ProgressCallback
) -> None:
    """Run all steps, but stop at nginx's test if it now reports a different, pre-existing error."""
    for number, step in enumerate(entry.steps):
        if number in entry.ended:
            continue
        on_progress("step", step)
        await automatic_undo.prolong(journal.files)
        await _save_chain_listing(journal.files, f"{number}.chain", step)
        await journal.note("begin", step=number)
        if isinstance(step, Edit):
            await _apply_edit(journal.files, entry, number, step)
        else:
            result = await journal.files.run(step.argv)
            if result.failure is not None:
                if not reveals_next_error(entry.steps[:number], step, result, before.evidence):
                    raise FixError(f"{shlex.join(step.argv)}: {error_line(result)}")
                on_progress("not-started" if step.effect is Effect.START else "further", None)
                break
        await _save_chain_listing(journal.files, f"{number}.chain-left", step)
        await journal.note("end", step=number)
    for backup in entry.backups:
        # Save the new state, so that an undo can detect later changes by others.
        if not backup.mode:
            await journal.files.save(f"{backup.name}.left", backup.path)


async def _save_chain_listing(files: RemoteFiles, name: str, step: Command | Edit) -> None:
    """Save the chain of a firewall rule before the step, and after it. The undo compares both with
    the chain later."""
    change = rule_undo.rule_change(step.argv) if isinstance(step, Command) else None
    if change is not None:
        await files.script('f=$1; shift; "$@" > "$f"', files.file_path(name), *change.listing)


async def _apply_edit(files: RemoteFiles, entry: JournalEntry, number: int, step: Edit) -> None:
    earlier_edits = [n for n in range(number) if edits_file(entry.steps[n], step.path)]
    before = (
        f"{earlier_edits[-1]}.after" if earlier_edits else f"{backup_name(entry, number)}.before"
    )
    await files.replace(f"{number}.after", step.path, before)


# Verification


async def _rerun_until_settled(
    files: RemoteFiles, cause: Finding | None, before: Report, run_diagnosis: DiagnosisRunner
) -> Report:
    """Diagnose until the fix has helped or the delays are used up. If the cause is unknown,
    diagnose once."""
    report, runs = before, 0
    for delay in RETRY_DELAYS:
        await automatic_undo.prolong(files)
        await asyncio.sleep(delay)
        async with _keep_prolonging(files):
            report, runs = await run_diagnosis(), runs + 1
        if cause is None:
            break
        # A new cause may be an effect of the change that soon disappears: diagnose a second time.
        has_new_cause = any(is_new_finding(finding, before) for finding in report.causes)
        if regression_reason(cause, before, report) is None and (runs > 1 or not has_new_cause):
            break
    return report


@asynccontextmanager
async def _keep_prolonging(files: RemoteFiles) -> AsyncIterator[None]:
    """Prolong the wait of the automatic undo as long as the block runs: a diagnosis may take longer
    than that wait (--timeout, --idle)."""

    async def prolong_again() -> None:
        while True:
            await asyncio.sleep(automatic_undo.DEADLINE / 3)
            await automatic_undo.prolong(files)

    prolonging = asyncio.create_task(prolong_again())
    try:
        yield
    finally:
        prolonging.cancel()
        # If it failed, the next step of the fix fails for the same reason, and tells it.
        with contextlib.suppress(asyncio.CancelledError, FixError):
            await prolonging


# Resuming


async def resume(
    machine: Machine,
    entry: JournalEntry,
    before: Report,
    run_diagnosis: DiagnosisRunner,
    on_progress: ProgressCallback,
) -> Outcome:
    """Resume an interrupted fix. A command that was begun but not finished is undone first, if
    possible."""
    files = RemoteFiles(machine, entry.folder)
    for number in entry.begun:
        if number not in entry.ended and (
            argv := await undo_command(files, number, entry.steps[number])
        ):
            await files.run(argv)
    cause = next((finding for finding in before.causes if finding.check.id == entry.check), None)
    return await _run_and_verify(
        machine, Journal(files), entry, cause, before, run_diagnosis, on_progress
    )
