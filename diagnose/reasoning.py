"""Evidence in, meaning out. Pure: no clock, no network, no file but the checks themselves.

A root cause is a finding that no other raised check explains. The cause declares what it
explains, so that adding a cause edits no symptom.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from diagnose.events import forgiven
from diagnose.frozen import frozen
from diagnose.model import (
    LAYERS,
    Check,
    Claim,
    Confidence,
    Crash,
    Evidence,
    Finding,
    Observation,
    Report,
    Severity,
)

_SEVERITIES = tuple(Severity)
_CONFIDENCES = tuple(Confidence)

Status = Literal["ok", "warning", "critical", "unknown"]
LayerStatus = Literal["ok", "warning", "error", "unknown", "skipped"]

#: The exit status of each verdict (shells, Nagios, Icinga and Consul agree on these).
EXIT_STATUS: dict[Status, int] = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}


#: The finding that the question put to the run was not answered: without a cause it is unknown.
_UNANSWERED = {"host.visitor-unjudged"}


@frozen
class Verdict:
    status: Status
    causes: tuple[Finding, ...]

    @property
    def exit_status(self) -> int:
        return EXIT_STATUS[self.status]


def claims(
    checks: Iterable[Check], evidence: Evidence, crashed: Callable[[Crash], None]
) -> list[tuple[Check, Claim]]:
    """Put every check whose needs were observed to the evidence. A check that raises is our
    fault: it is reported, and the others are still heard."""
    seen = {type(observation) for observation in evidence.observations}
    raised = []
    for check in checks:
        if not seen.issuperset(check.needs):
            continue
        with forgiven(check.id, crashed):
            raised += [(check, claim) for claim in check.judge(evidence)]
    return raised


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
    found = []
    for index in sequence:
        check, claim = ordered[index]
        cause = causes[index]
        found.append(Finding(ids[index], check, claim, None if cause is None else ids[cause]))
    return tuple(found)


def explains(check: Check, symptom: Check) -> bool:
    """Whether a check declares the findings of another to be symptoms of it. A whole layer is what
    is met there: what is read in nginx's own files is there whichever way one comes."""
    whole = f"{symptom.layer}.*" in check.explains
    read = {need.layer for need in symptom.needs} == {"nginx"}
    before = LAYERS.index(check.layer) < LAYERS.index("nginx")
    return check.id != symptom.id and (
        symptom.id in check.explains or (whole and not (read and before))
    )


def _weight(item: tuple[Check, Claim]) -> tuple[int, int, int, str, str]:
    check, claim = item
    return (
        _SEVERITIES.index(claim.severity or check.severity),
        _CONFIDENCES.index(claim.confidence),
        LAYERS.index(check.layer),
        check.id,
        str(claim.about),
    )


def _explainer(symptom: int, ordered: list[tuple[Check, Claim]]) -> int | None:
    """The root of the chain of explanations above a finding, the weightiest if several."""
    reached, seen = [symptom], {symptom}
    roots = set()
    while reached:
        index = reached.pop()
        above = [
            other for other in range(len(ordered)) if _is_cause_of(ordered[other], ordered[index])
        ]
        if not above:
            roots.add(index)
        reached += [other for other in above if other not in seen]
        seen.update(above)
    roots.discard(symptom)
    return min(roots, default=None)


def _is_cause_of(cause: tuple[Check, Claim], symptom: tuple[Check, Claim]) -> bool:
    (check, claim), (other, consequence) = cause, symptom
    if (claim.severity or check.severity) is Severity.NOTE:
        return False
    return explains(check, other) and any(
        subject.covers(consequence.about) for subject in (claim.covers or (claim.about,))
    )


def verdict(report: Report) -> Verdict:
    """ok needs something seen working: a site of which nothing could be seen is unknown, and so is
    one that was tried in vain for a reason that says nothing of it."""
    severities = {finding.severity for finding in report.causes}
    if Severity.ERROR in severities:
        return Verdict("critical", report.causes)
    if Severity.WARNING in severities:
        return Verdict("warning", report.causes)
    if any(finding.check.id in _UNANSWERED for finding in report.findings):
        return Verdict("unknown", ())
    seen = report.evidence.observations
    if _tried_in_vain(seen) or not any(map(_shows_something, seen)):
        return Verdict("unknown", ())
    return Verdict("ok", ())


def _tried_in_vain(observations: Iterable[Observation]) -> bool:
    """Whether no try at the target's own port, by `Connection`, was answered."""
    tries = [
        one.failure is not None
        for one in observations
        if type(one).__name__ == "Connection" and getattr(one, "purpose", "") in {"target", "again"}
    ]
    return bool(tries) and all(tries)


def _shows_something(seen: Observation) -> bool:
    return seen.failure is None and type(seen).layer not in {"", "host", "dns"}


def layers(report: Report) -> tuple[tuple[str, LayerStatus], ...]:
    """Each layer's state: its worst finding, else ok if something of it was seen, unknown if
    every look failed, skipped if nobody looked."""
    states: list[tuple[str, LayerStatus]] = []
    for name in LAYERS:
        raised = {finding.severity for finding in report.findings if finding.check.layer == name}
        seen = [one for one in report.evidence.observations if type(one).layer == name]
        state: LayerStatus
        if Severity.ERROR in raised:
            state = "error"
        elif Severity.WARNING in raised:
            state = "warning"
        elif any(one.failure is None for one in seen):
            state = "ok"
        elif seen:
            state = "unknown"
        else:
            state = "skipped"
        states.append((name, state))
    return tuple(states)
