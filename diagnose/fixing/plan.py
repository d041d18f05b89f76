"""Decides which causes of a report are fixed, in which order, and why others are skipped. No I/O.

The order makes sure that each step has what it needs: a port is opened after something listens
behind it, and plain HTTP is redirected after HTTPS works.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, assert_never

from diagnose.fixing import rule_undo
from diagnose.model import (
    Applicability,
    Command,
    Edit,
    Effect,
    Finding,
    Manual,
    Report,
    Severity,
    Step,
    Where,
)
from diagnose.model.frozen import frozen

_LAYER_ORDER = (
    "host",
    "dns",
    "cloud",
    "nginx",
    "server",
    "listener",
    "tls",
    "certificate",
    "upstream",
    "websocket",
    "tcp",
    "firewall",
    "http",
)

#: Why a cause is left to a person.
SkipReason = Literal["none", "manual", "review", "client", "undone"]


@frozen(eq=False)
class Plan:
    """The steps that fix one cause."""

    cause: Finding
    steps: tuple[Command | Edit, ...]


@frozen(eq=False)
class SkippedCause:
    """A cause that is not fixed, and why."""

    cause: Finding
    reason: SkipReason


#: A problem in the reports of two runs: its check, and exactly what it is about.
Problem = tuple[str, str]


def problem_of(finding: Finding) -> Problem:
    """Return the problem of a finding. The subject is the exact one: of several rules that block a
    packet, each is its own cause."""
    return finding.check.id, str(finding.claim.about)


def plans(
    report: Report, undone: Collection[Problem] = ()
) -> tuple[tuple[Plan, ...], tuple[SkippedCause, ...]]:
    """Return the plans and the skipped causes of a report, in order. `undone` are the problems
    whose fix was tried and undone. They are skipped, and what they seemed to explain gets a plan of
    its own: it may be the cause."""
    fix_plans: list[Plan] = []
    skipped: list[SkippedCause] = []
    for cause in (
        *sorted(report.causes, key=_layer_rank),
        *sorted(_behind_undone_causes(report, undone), key=_layer_rank),
    ):
        reason = "undone" if problem_of(cause) in undone else skip_reason(cause)
        fix = cause.claim.fix
        if reason is None and fix is not None:
            steps = tuple(step for step in fix.steps if not isinstance(step, Manual))
            fix_plans.append(Plan(cause, steps))
        elif reason is not None:
            skipped.append(SkippedCause(cause, reason))
    return tuple(fix_plans), tuple(skipped)


def _layer_rank(cause: Finding) -> int:
    return _LAYER_ORDER.index(cause.check.layer)


def _behind_undone_causes(report: Report, undone: Collection[Problem]) -> Iterator[Finding]:
    """Yield the symptoms that have an automatic fix of their own, and whose cause is not healed by
    its fix. No way in is opened to a server that does not answer behind it."""
    undone_ids = {cause.id for cause in report.causes if problem_of(cause) in undone}
    for finding in report.findings:
        if (
            finding.is_symptom
            and finding.explained_by in undone_ids
            and finding.severity is not Severity.NOTE
            and not finding.check.judges_the_way_in
            and skip_reason(finding) is None
        ):
            yield finding


def skip_reason(cause: Finding) -> SkipReason | None:
    """Return why a cause must not be fixed by a program; None if it may be."""
    fix = cause.claim.fix
    if fix is None or not fix.steps:
        return "none"
    if fix.applicability is Applicability.REVIEW:
        return "review"
    if fix.applicability is Applicability.MANUAL or any(
        isinstance(step, Manual) for step in fix.steps
    ):
        return "manual"
    if any(step.where is not Where.SERVER for step in fix.steps):
        return "client"
    return None


def named_paths(step: Command | Edit) -> tuple[str, ...]:
    """Return the paths that a step's own command changes by name. If another user may write to a
    folder of such a path, the command could be led to another file."""
    is_named = isinstance(step, Command) and step.aspect != "settings"
    return step.changes if is_named else ()


def reload_steps(steps: Iterable[Step]) -> list[Command]:
    """Return the steps that only make programs read their files: tests, reloads, and restarts,
    whose start must not be undone."""
    restarted = False
    reloads: list[Command] = []
    for step in steps:
        if not isinstance(step, Command):
            continue
        restarted = restarted or is_stop(step)
        if restarted or is_reload_or_test(step):
            reloads.append(step)
    return reloads


def is_stop(step: Step) -> bool:
    """Return True if the step stops a program that later steps start again. A stop with an undo of
    its own is undone instead."""
    return isinstance(step, Command) and step.effect is Effect.STOP and not step.undo


def restart_index(steps: Sequence[Step]) -> int | None:
    """Return the number of the step that stops a program, None if none does. Once it has begun, the
    steps after it must be done too: the program would stay stopped."""
    return next((number for number, step in enumerate(steps) if is_stop(step)), None)


def is_reload_or_test(command: Command) -> bool:
    """Return True if a command only makes a program read its files again, or tests them. It is
    repeated after the files were restored. A reload with an undo of its own opens something."""
    match command.effect:
        case Effect.TEST | Effect.RELOAD | Effect.RESTART:
            return not command.undo
        case Effect.CHANGE | Effect.START | Effect.STOP | Effect.RESET:
            return False
        case _:
            assert_never(command.effect)


def is_reversible(step: Step) -> bool:
    """Return True if a step can be undone: by its undo command, by backups of the files that it
    names, or by the handle of the rule that it added."""
    match step:
        case Edit():
            return True
        case Manual():
            return False
        case Command():
            change = rule_undo.rule_change(step.argv)
            return bool(step.undo or named_paths(step) or (change and change.rule))
        case _:
            assert_never(step)


def repeated_reloads(steps: Iterable[Step]) -> list[Command]:
    """Return the reloads to repeat after everything else was undone; none if nothing else was
    changed, because a reload alone would undo nothing."""
    all_steps = list(steps)
    reloads = reload_steps(all_steps)
    return reloads if any(is_reversible(step) for step in all_steps if step not in reloads) else []


def irreversible_steps(steps: Iterable[Step]) -> tuple[Command, ...]:
    """Return the steps that cannot be undone. Tests and cleared records of failed starts do not
    count."""
    all_steps = list(steps)
    reloads, repeated = reload_steps(all_steps), repeated_reloads(all_steps)
    return tuple(
        step
        for step in all_steps
        if isinstance(step, Command)
        and step.effect not in {Effect.TEST, Effect.RESET}
        and (step not in repeated if step in reloads else not is_reversible(step))
    )
