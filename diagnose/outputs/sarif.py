"""Findings with a place in a file as SARIF 2.1.0 (OASIS), for code scanning and editors.

A report is a run. A finding without a file is no result, because code scanning shows places in
files; the run's properties hold their number, and the verdict.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import quote

from diagnose._version import VERSION
from diagnose.checking.texts import check_text
from diagnose.checking.verdicts import exit_status, verdict
from diagnose.i18n import LANGUAGES
from diagnose.model import Check, Finding, Location, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.json import to_json
from diagnose.outputs.verdict_text import verdict_sentence

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    """Return one log with a run for each report."""
    runs = [_run(report, view) for report, view in report_views]
    return to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs})


def _run(report: Report, view: View) -> dict[str, Any]:
    located_findings = [finding for finding in report.findings if finding.claim.location]
    checks = {finding.check.id: finding.check for finding in located_findings}
    indexes = {check_id: index for index, check_id in enumerate(checks)}
    rules = [_rule(check, view.lang) for check in checks.values()]
    return {
        "tool": {"driver": {"name": "diagnose", "version": VERSION, "rules": rules}},
        "language": LANGUAGES[view.lang].tag,
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [
            _result(finding, finding.claim.location, indexes, view.lang)
            for finding in located_findings
            if finding.claim.location
        ],
        "properties": {
            "target": document.single_line(report.evidence.target.url),
            "verdict": verdict(report).status,
            "summary": _text(verdict_sentence(report, view.lang)),
            "findingsWithoutFile": len(report.findings) - len(located_findings),
            "suppressed": [
                document.single_line(
                    f"{finding.check.id}: {ignore_text.suppression(finding, view.lang)}"
                )
                for finding in report.suppressed
            ],
            "expiredIgnores": [
                document.single_line(expired_ignore)
                for expired_ignore in ignore_text.expired_ignores(report, view.lang)
            ],
        },
    }


def _invocation(report: Report) -> dict[str, Any]:
    """Return how the run ended. A fault of ours is no success, a fault of the site is."""
    started = report.evidence.started_at.astimezone(UTC)
    ended = started + timedelta(seconds=report.duration)
    return {
        "executionSuccessful": not report.crashes and not report.interrupted,
        "exitCode": exit_status(report),
        "startTimeUtc": _time(started.isoformat()),
        "endTimeUtc": _time(ended.isoformat()),
    }


def _time(text: str) -> str:
    return text.replace("+00:00", "Z")


def _rule(check: Check, lang: str) -> dict[str, Any]:
    text = check_text(check.id, lang)
    rule = {
        "id": check.id,
        "shortDescription": {"text": _text(text.general_title)},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }
    return {**rule, "fullDescription": {"text": _text(text.general)}} if text.general else rule


def _result(
    finding: Finding, location: Location, indexes: Mapping[str, int], lang: str
) -> dict[str, Any]:
    title, summary = finding_text.title(finding, lang), finding_text.summary(finding, lang)
    result: dict[str, Any] = {
        "ruleId": finding.check.id,
        "ruleIndex": indexes[finding.check.id],
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(f"{title}\n\n{summary}")},
        "locations": [{"physicalLocation": _physical_location(location)}],
        "properties": {
            "confidence": str(finding.claim.confidence),
            "rootCause": finding.is_cause,
            "about": document.single_line(str(finding.claim.about)),
        },
    }
    if finding.suppressed_by is not None:
        note = document.single_line(ignore_text.suppression(finding, lang))
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": note}]
    return result


def _physical_location(location: Location) -> dict[str, Any]:
    line = location.excerpt[location.line - location.first : location.line - location.first + 1]
    region: dict[str, Any] = {"startLine": location.line, "startColumn": location.column}
    if location.end_column > location.column:
        region["endColumn"] = location.end_column
    if line:
        region["snippet"] = {"text": _text(line[0])}
    return {"artifactLocation": {"uri": _uri(location.file)}, "region": region}


def _uri(path: str) -> str:
    """Return a file URI (RFC 8089); a relative path stays a relative reference."""
    quoted = quote(path, errors="replace")
    return f"file://{quoted}" if path.startswith("/") else quoted


def _text(text: str) -> str:
    return document.sanitize_lines(text)
