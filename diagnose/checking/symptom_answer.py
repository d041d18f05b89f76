"""Whether the findings of a run answer the message that a person pasted. Pure, except that it reads
`checks/symptoms.toml`.

The answer rests on the findings first: a check that is `shown` as the symptom, or, for an HTTP
status or a close code, a finding that rests on a response with this number.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import checks
from diagnose.checking.root_cause import verdict
from diagnose.model import Check, Evidence, Finding, Observation, Report, Severity, Symptom
from diagnose.model.frozen import frozen
from diagnose.model.symptom import SymptomKind

#: "cause": a finding produces the symptom; "possible": it may; "met": the symptom was observed, and
#: no finding explains it; "absent": the site is healthy; "unrelated": the named causes do not
#: produce it; "unknown": the run could not judge the site.
AnswerKind = Literal["cause", "possible", "met", "absent", "unrelated", "unknown"]

TABLE = Path(next(iter(checks.__path__))) / "symptoms.toml"

#: Statuses and close codes are compared by these kinds.
_NUMBERED: frozenset[SymptomKind] = frozenset({"status", "websocket-status", "websocket-closed"})
#: A browser reports this close code for every failure (RFC 6455 section 7.1.5).
_ABNORMAL_CLOSURE = 1006
#: How a failed attempt is called in a message.
_FAILURES: Mapping[str, frozenset[SymptomKind]] = {
    "Connection": frozenset({"refused", "unreachable", "timeout", "not-connected"}),
    "Handshake": frozenset({"reset", "closed", "timeout", "tls"}),
    "Resolution": frozenset({"name"}),
}


@frozen
class SymptomRow:
    """The checks whose findings are a symptom (`shown`) or may lead to it (`possible`), and the key
    of the text that says where else it may come from."""

    shown: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    elsewhere: str = ""


@frozen(eq=False)
class SymptomAnswer:
    """The answer to a symptom. `finding` is the root cause for "cause" and "possible". `status` is
    the target's HTTP status in this run, None if no response came."""

    kind: AnswerKind
    symptom: Symptom
    finding: Finding | None = None
    status: int | None = None
    elsewhere: str = ""


@cache
def symptom_table() -> Mapping[str, SymptomRow]:
    """Return the table of symptoms. "status-502" is a row for one status."""
    rows: dict[str, Any] = tomllib.loads(TABLE.read_text("utf-8"))
    return {
        name: SymptomRow(
            tuple(row.get("shown", ())), tuple(row.get("possible", ())), row.get("elsewhere", "")
        )
        for name, row in rows.items()
    }


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
        if _produces(_group(report, root), symptom):
            return "cause", root
    for root in roots:
        if root.severity is not Severity.NOTE and _may_produce(_group(report, root), symptom):
            return "possible", root
    if _is_met(report.evidence, symptom):
        return "met", None
    if symptom.kind == "other":
        return "unknown", None
    if report.causes:
        return "unrelated", None
    return ("absent" if verdict(report).status == "ok" else "unknown"), None


def _group(report: Report, root: Finding) -> tuple[Finding, ...]:
    """Return a root cause and its consequences."""
    return (root, *(finding for finding in report.findings if finding.explained_by == root.id))


def _produces(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    if symptom.kind == "unusable":
        return group[0].severity is Severity.ERROR
    if symptom.number is not None and symptom.kind in _NUMBERED:
        observations = (because for finding in group for because in finding.claim.because)
        if any(_has_number(observation, symptom) for observation in observations):
            return True
        if symptom.number != _ABNORMAL_CLOSURE:
            return False
    return any(_listed(finding.check.id, symptom_table()[symptom.kind].shown) for finding in group)


def _may_produce(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    row = symptom_table()[symptom.kind]
    if symptom.kind == "status" and symptom.number is not None:
        row = symptom_table().get(f"status-{symptom.number}", SymptomRow())
    if any(_listed(finding.check.id, row.possible) for finding in group):
        return True
    if symptom.kind == "timeout" and _gateway_times_out(group):
        return True
    check = group[0].check
    if symptom.number is not None and symptom.kind in _NUMBERED:
        return _explains_response(check, symptom)
    return any(
        _listed(shown, check.explains) and not _replaces(check.id, shown) for shown in row.shown
    )


def _explains_response(check: Check, symptom: Symptom) -> bool:
    """Return whether a check explains responses such as the one with the symptom's number: those of
    another server, for example."""
    if symptom.kind == "status":
        is_error = (symptom.number or 0) >= 500
        return "http.*" in check.explains or (is_error and "http.server-error" in check.explains)
    return _listed("websocket.not-upgraded", check.explains)


def _gateway_times_out(group: tuple[Finding, ...]) -> bool:
    """Return whether the findings rest on a 504: a client less patient than the proxy gives up
    before it."""
    observations = (because for finding in group for because in finding.claim.because)
    return any(getattr(observation, "status", None) == 504 for observation in observations)


def _replaces(check_id: str, shown: str) -> bool:
    """Return whether both are faults of one certificate: one that has to be replaced anyway
    explains its other faults, without being their reason."""
    return check_id.startswith("certificate.") and shown.startswith("certificate.")


def _listed(check_id: str, patterns: Iterable[str]) -> bool:
    layer = f"{check_id.partition('.')[0]}.*"
    return any(pattern in {check_id, layer} for pattern in patterns)


def _is_met(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the run itself met the symptom at the target."""
    return any(
        _has_number(observation, symptom) or _has_failed(observation, evidence, symptom)
        for observation in evidence.observations
    )


def _has_number(observation: Observation, symptom: Symptom) -> bool:
    kind = type(observation).__name__
    if symptom.number is None:
        return False
    if kind == "Upgrade":
        field = "close_code" if symptom.kind == "websocket-closed" else "status"
        return getattr(observation, field, None) == symptom.number
    is_page = getattr(observation, "purpose", "") in {"target", "redirect"}
    return (
        kind == "Exchange"
        and is_page
        and symptom.kind == "status"
        and getattr(observation, "status", None) == symptom.number
    )


def _has_failed(observation: Observation, evidence: Evidence, symptom: Symptom) -> bool:
    failure = observation.failure
    kinds = _FAILURES.get(type(observation).__name__, frozenset())
    if failure is None or symptom.kind not in kinds:
        return False
    if getattr(observation, "port", evidence.target.port) != evidence.target.port:
        return False
    if getattr(observation, "variant", "normal") not in {"normal", "again"}:
        return False
    return symptom.kind in {failure.kind, "not-connected", "name", "tls"}
