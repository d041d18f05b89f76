"""From evidence to a report: the checks that can say something about it, and what they find."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from diagnose.checking import proof
from diagnose.checking.registry import load_check, runnable_ids
from diagnose.checking.root_cause import claims, findings
from diagnose.model import (
    Check,
    Claim,
    Crash,
    Evidence,
    Ignore,
    Observation,
    Report,
    Scope,
    Target,
    Unseen,
)
from diagnose.model.events import Crashed, Sink, null_sink, report_crash


def import_checks(observations: Iterable[Observation], *, has_message: bool) -> None:
    """Import the checks that these observations let run."""
    for check_id in runnable_ids(observations, has_message=has_message):
        # A check that cannot be imported is reported as a crash when it runs.
        with contextlib.suppress(Exception):
            load_check(check_id)


def conclude(
    evidence: Evidence,
    ignores: Iterable[Ignore] = (),
    crashes: Iterable[Crash] = (),
    sink: Sink = null_sink,
) -> Report:
    """Run the checks on the evidence, as far as its scope wants them, and return the report. A
    replay does only this. `crashes` are those of the run; a check that raises adds one."""
    all_crashes, all_ignores = list(crashes), tuple(ignores)

    def record_crash(crash: Crash) -> None:
        all_crashes.append(crash)
        sink(Crashed(crash))

    def judge(judged: Evidence) -> list[tuple[Check, Claim]]:
        return _raised(judged, record_crash)

    symptom = evidence.target.symptom
    raised = judge(evidence)
    if any(type(observation).__name__ == "OtherRequest" for observation in evidence.observations):
        # Imported late: few runs diagnose another page.
        from diagnose.checking.other_pages import with_other_claims

        raised = with_other_claims(raised, evidence, judge)
    if any(check.only_unused for check, _ in raised):
        # Imported late: most runs read nothing that no check has used.
        from diagnose.checking.unused_observations import without_used

        raised = without_used(raised)
    in_scope = [(check, claim) for check, claim in raised if evidence.scope.wants(check.layer)]
    if symptom is not None:
        # Imported late: few runs have a pasted message.
        from diagnose.checking.reported_claims import with_reported_weighed
        from diagnose.checking.symptom_match import with_reported_notes

        in_scope = with_reported_weighed(with_reported_notes(in_scope, symptom), evidence, judge)
    active = [ignore for ignore in all_ignores if not ignore.is_expired(evidence.started_at)]
    conclusions = findings(in_scope, active, symptom, evidence.target.port)
    return Report(evidence, conclusions, tuple(all_crashes), ignores=all_ignores)


def _raised(evidence: Evidence, on_crash: Callable[[Crash], None]) -> list[tuple[Check, Claim]]:
    """Run the checks that can say something about the evidence."""
    has_message = evidence.target.symptom is not None
    runnable = runnable_ids(evidence.observations, has_message=has_message)
    loaded = (_load(name, on_crash) for name in runnable)
    return claims([check for check in loaded if check is not None], evidence, on_crash)


def _load(check_id: str, on_crash: Callable[[Crash], None]) -> Check | None:
    """Return a check; None if it cannot be imported, which is reported. The watchdog interrupts
    nothing but what this function does."""
    with report_crash(check_id, on_crash):
        return load_check(check_id)
    return None


def not_begun(
    target: Target, scope: Scope, ignores: Iterable[Ignore], signal_number: int
) -> Report:
    """Return the report of a run that a signal ended before it began."""
    rest_of_run = Unseen(what=proof.REST_OF_RUN, why=proof.INTERRUPTED)
    report = conclude(Evidence(target, datetime.now(UTC), (rest_of_run,), scope), ignores)
    return replace(report, interrupted=True, signal=signal_number)
