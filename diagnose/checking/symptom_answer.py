"""Whether the findings of a run answer the message that a person pasted.

The answer rests on the findings first: a check that is `shown` as the symptom, or, for an HTTP
status or a close code, a finding that rests on a response with this number.
"""

from typing import Literal

from diagnose.checking.root_cause import verdict
from diagnose.checking.symptom_match import (
    NUMBERED,
    SymptomRow,
    is_listed,
    is_met,
    produces,
    symptom_table,
)
from diagnose.model import Check, Evidence, Finding, Report, Severity, Symptom
from diagnose.model.frozen import frozen

#: "cause": a finding produces the symptom; "possible": it may; "met": the symptom was observed, and
#: no finding explains it; "absent": the site is healthy; "unrelated": the named causes do not
#: produce it; "unknown": the run could not judge the site.
AnswerKind = Literal["cause", "possible", "met", "absent", "unrelated", "unknown"]


@frozen(eq=False)
class SymptomAnswer:
    """The answer to a symptom. `finding` is the root cause for "cause" and "possible". `status` is
    the target's HTTP status in this run, None if no response came."""

    kind: AnswerKind
    symptom: Symptom
    finding: Finding | None = None
    status: int | None = None
    elsewhere: str = ""


def symptom_answer(report: Report) -> SymptomAnswer | None:
    """Return the answer to the pasted message; None if none was pasted, or nothing is judged."""
    symptom = report.evidence.target.symptom
    if symptom is None or report.running:
        return None
    kind, finding = _judged(report, symptom)
    elsewhere = symptom_table()[symptom.kind].elsewhere
    return SymptomAnswer(kind, symptom, finding, site_status(report.evidence), elsewhere)


def site_status(evidence: Evidence) -> int | None:
    """Return the HTTP status of the target's own page; None if it did not answer."""
    statuses = (
        getattr(observation, "status", None)
        for observation in evidence.observations
        if type(observation).__name__ == "Exchange"
        and getattr(observation, "purpose", "") == "target"
    )
    return next((status for status in statuses if status), None)


def _judged(report: Report, symptom: Symptom) -> tuple[AnswerKind, Finding | None]:
    roots = [finding for finding in report.findings if finding.explained_by is None]
    for root in roots:
        if produces(_group(report, root), symptom):
            return "cause", root
    for root in roots:
        if root.severity is not Severity.NOTE and _may_produce(_group(report, root), symptom):
            return "possible", root
    if is_met(report.evidence, symptom):
        return "met", None
    if symptom.kind == "other":
        return "unknown", None
    if report.causes:
        return "unrelated", None
    return ("absent" if verdict(report).status == "ok" else "unknown"), None


def _group(report: Report, root: Finding) -> tuple[Finding, ...]:
    """Return a root cause and its consequences."""
    return (root, *(finding for finding in report.findings if finding.explained_by == root.id))


def _may_produce(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    row = symptom_table()[symptom.kind]
    if symptom.kind == "status" and symptom.number is not None:
        row = symptom_table().get(f"status-{symptom.number}", SymptomRow())
    if any(is_listed(finding.check.id, row.possible) for finding in group):
        return True
    if symptom.kind == "timeout" and _gateway_times_out(group):
        return True
    check = group[0].check
    if symptom.number is not None and symptom.kind in NUMBERED:
        return _explains_response(check, symptom)
    return any(
        is_listed(shown_check, check.explains) and not _replaces(check.id, shown_check)
        for shown_check in row.shown
    )


def _explains_response(check: Check, symptom: Symptom) -> bool:
    """Return whether a check explains responses such as the one with the symptom's number: those of
    another server, for example."""
    if symptom.kind == "status":
        is_error = (symptom.number or 0) >= 500
        return "http.*" in check.explains or (is_error and "http.server-error" in check.explains)
    return is_listed("websocket.not-upgraded", check.explains)


def _gateway_times_out(group: tuple[Finding, ...]) -> bool:
    """Return whether the findings rest on a 504: a client less patient than the proxy gives up
    before it."""
    observations = (because for finding in group for because in finding.claim.because)
    return any(getattr(observation, "status", None) == 504 for observation in observations)


def _replaces(check_id: str, shown_check: str) -> bool:
    """Return whether both are faults of one certificate: one that has to be replaced anyway
    explains its other faults, without being their reason."""
    return check_id.startswith("certificate.") and shown_check.startswith("certificate.")
