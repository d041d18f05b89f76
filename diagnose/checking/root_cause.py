"""Evidence in, meaning out. Pure: no clock, no network, no file but the checks themselves.

A root cause is a finding that no other raised check explains. The cause declares what it
explains, so that adding a cause edits no symptom.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from diagnose.checking import proof
from diagnose.checking.proof import MissingProof, UnfinishedReason
from diagnose.model import (
    LAYERS,
    Check,
    Claim,
    Confidence,
    Crash,
    Evidence,
    Finding,
    Report,
    Severity,
)
from diagnose.model.events import report_crash
from diagnose.model.frozen import frozen

_SEVERITIES = tuple(Severity)
_CONFIDENCES = tuple(Confidence)

Status = Literal["ok", "warning", "critical", "unknown"]
#: "running" only while a run goes on: no report that was concluded has it.
LayerStatus = Literal["ok", "warning", "error", "unknown", "skipped", "running"]

#: The exit status of each verdict (shells, Nagios, Icinga and Consul agree on these).
EXIT_STATUS: dict[Status, int] = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}


#: The finding that the question put to the run was not answered: without a cause it is unknown.
UNANSWERED_CHECKS = {"host.visitor-unjudged"}


@frozen
class Verdict:
    """Where it is "unknown", `missing` is what was not seen and would have to be, `unfinished` why
    the run did not come to its end."""

    status: Status
    causes: tuple[Finding, ...]
    missing: tuple[MissingProof, ...] = ()
    unfinished: tuple[UnfinishedReason, ...] = ()

    @property
    def exit_status(self) -> int:
        return EXIT_STATUS[self.status]


def claims(
    checks: Iterable[Check], evidence: Evidence, on_crash: Callable[[Crash], None]
) -> list[tuple[Check, Claim]]:
    """Put every check whose needs were observed to the evidence. A check that raises is our
    fault: it is reported, and the others are still heard."""
    observed_kinds = {type(observation) for observation in evidence.observations}
    raised_claims = []
    for check in checks:
        if not observed_kinds.issuperset(check.needs):
            continue
        with report_crash(check.id, on_crash):
            raised_claims += [(check, claim) for claim in check.judge(evidence)]
    return raised_claims


def findings(raised: Iterable[tuple[Check, Claim]]) -> tuple[Finding, ...]:
    """Order the claims by weight, tie each symptom to its cause, and number them so that each
    cause is followed by its symptoms."""
    ordered = sorted(raised, key=_weight)
    causes = {index: _explainer(index, ordered) for index in range(len(ordered))}
    roots = [index for index, cause in causes.items() if cause is None]
    sequence = [
        index for root in roots for index in (root, *(i for i in causes if causes[i] == root))
    ]
    ids = {index: f"f{number}" for number, index in enumerate(sequence, 1)}
    numbered = []
    for index in sequence:
        check, claim = ordered[index]
        cause = causes[index]
        numbered.append(Finding(ids[index], check, claim, None if cause is None else ids[cause]))
    return tuple(numbered)


def explains(check: Check, symptom: Check) -> bool:
    """Whether a check declares the findings of another to be symptoms of it. A whole layer is what
    is met there: what is read in nginx's own files is there whichever way one comes."""
    explains_layer = f"{symptom.layer}.*" in check.explains
    is_read_from_nginx = {need.layer for need in symptom.needs} == {"nginx"}
    is_before_nginx = LAYERS.index(check.layer) < LAYERS.index("nginx")
    return check.id != symptom.id and (
        symptom.id in check.explains
        or (explains_layer and not (is_read_from_nginx and is_before_nginx))
    )


def _weight(raised_claim: tuple[Check, Claim]) -> tuple[int, int, int, str, str]:
    check, claim = raised_claim
    return (
        _SEVERITIES.index(claim.severity or check.severity),
        _CONFIDENCES.index(claim.confidence),
        LAYERS.index(check.layer),
        check.id,
        str(claim.about),
    )


def _explainer(symptom: int, ordered: list[tuple[Check, Claim]]) -> int | None:
    """The root of the chain of explanations above a finding, the weightiest if several."""
    pending, visited = [symptom], {symptom}
    roots = set()
    while pending:
        index = pending.pop()
        explainers = [
            candidate
            for candidate in range(len(ordered))
            if _is_cause_of(ordered[candidate], ordered[index])
        ]
        if not explainers:
            roots.add(index)
        pending += [candidate for candidate in explainers if candidate not in visited]
        visited.update(explainers)
    roots.discard(symptom)
    return min(roots, default=None)


def _is_cause_of(cause: tuple[Check, Claim], symptom: tuple[Check, Claim]) -> bool:
    (check, claim), (symptom_check, consequence) = cause, symptom
    if (claim.severity or check.severity) is Severity.NOTE:
        return False
    return explains(check, symptom_check) and any(
        subject.covers(consequence.about) for subject in (claim.covers or (claim.about,))
    )


def verdict(report: Report) -> Verdict:
    """Without a cause "ok" needs a proof of all that was to be judged (`diagnose.checking.proof`),
    and a run that came to its end; anything less is unknown."""
    severities = {finding.severity for finding in report.causes}
    if Severity.ERROR in severities:
        return Verdict("critical", report.causes)
    if Severity.WARNING in severities:
        return Verdict("warning", report.causes)
    unfinished, missing = proof.unfinished_reasons(report), proof.missing_proof(report)
    unanswered = any(finding.check.id in UNANSWERED_CHECKS for finding in report.findings)
    status: Status = "unknown" if unfinished or missing or unanswered else "ok"
    return Verdict(status, (), missing, unfinished)


def exit_status(report: Report) -> int:
    """That of a process which ends with this report: of a run that a signal ended 128 and its
    number, as shells count (bash(1), EXIT STATUS)."""
    return 128 + report.signal if report.signal else verdict(report).exit_status


def layer_statuses(report: Report) -> tuple[tuple[str, LayerStatus], ...]:
    """Each layer's state: its worst finding, else ok if what belongs to the target itself was seen
    of it, unknown if that was looked for in vain, skipped if nobody looked."""
    return tuple((name, _layer_status(report, name)) for name in LAYERS)


def _layer_status(report: Report, layer: str) -> LayerStatus:
    severities = {finding.severity for finding in report.findings if finding.check.layer == layer}
    if Severity.ERROR in severities:
        return "error"
    if Severity.WARNING in severities:
        return "warning"
    if proof.is_proven(report, layer):
        return "ok"
    if not proof.layer_observations(report, layer):
        return "skipped"
    return "running" if report.running else "unknown"
