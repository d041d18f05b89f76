"""The report as one flat JSON object for Zabbix: the value of a master item, from which dependent
items take their own by JSONPath ("$.status", "$.certificate_days").

Zabbix keeps 64 KiB of a text (documentation, "Item values: text"), so texts are cut. What was not
measured has no key. Several targets are an array; take one item for each target instead, found by
`--format zabbix-lld`. Durations are seconds, times seconds since the epoch.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from diagnose.checking.verdicts import exit_status, layer_statuses, verdict
from diagnose.model import Report, Severity
from diagnose.model.view import View
from diagnose.outputs import document
from diagnose.outputs.measurements import (
    certificate_days,
    earliest_expiry,
    page_status,
    phase_durations,
    response_time,
)
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.parsers.target import UsageError
from diagnose.recording.codec import escape_json

#: Bytes, less than 64 KiB.
MAX_SIZE = 65_535
#: Characters of a text, and of one when there are too many targets.
_MAX_TEXT = 1000
_SHORT_TEXT = 60


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    """Return an object, or an array of several. If it is too long, texts are cut, then only the
    verdicts stay. Raise UsageError if those of so many targets are too long."""
    for build in _FORMS:
        objects = [build(report, view) for report, view in report_views]
        value: object = objects if len(objects) > 1 else objects[0]
        text = escape_json(json.dumps(value, ensure_ascii=False, allow_nan=False)) + "\n"
        if len(text.encode("utf-8", "backslashreplace")) <= MAX_SIZE:
            return text
    raise UsageError("Zabbix takes 64 KiB: take fewer targets, or one item for each.")


def _whole(report: Report, view: View) -> dict[str, Any]:
    return {**_verdict(report, view, _MAX_TEXT), **_measurements(report), **_findings(report)}


def _short(report: Report, view: View) -> dict[str, Any]:
    return {**_verdict(report, view, _SHORT_TEXT), **_measurements(report)}


def _least(report: Report, view: View) -> dict[str, Any]:
    fields = _verdict(report, view, _SHORT_TEXT)
    return {name: fields[name] for name in ("target", "status", "exit_code", "root_cause")}


_FORMS: tuple[Callable[[Report, View], dict[str, Any]], ...] = (_whole, _short, _least)


def _verdict(report: Report, view: View, limit: int) -> dict[str, Any]:
    outcome, target = verdict(report), report.evidence.target
    causes = [cause.check.id for cause in outcome.causes]
    return {
        "target": _text(target.url, _MAX_TEXT),
        "host": _text(target.host, _MAX_TEXT),
        "port": target.port,
        "status": outcome.status,
        "success": int(outcome.status in {"ok", "warning"}),
        "exit_code": exit_status(report),
        "summary": _text(verdict_sentence(report, view.lang), limit),
        "root_cause": causes[0] if causes else "",
        "root_causes": _text(",".join(dict.fromkeys(causes)), limit),
        "started_at": int(report.evidence.started_at.timestamp()),
        "duration_s": round(report.duration, 6),
        "interrupted": int(report.interrupted),
    }


def _measurements(report: Report) -> dict[str, Any]:
    evidence = report.evidence
    phases = phase_durations(evidence).items()
    expiry = earliest_expiry(evidence)
    values = {
        **{f"{phase}_s": round(seconds, 6) for phase, seconds in phases},
        "response_time_s": response_time(evidence),
        "http_status": page_status(evidence),
        "certificate_days": certificate_days(evidence),
        "certificate_expires_at": None if expiry is None else int(expiry.timestamp()),
    }
    return {name: value for name, value in values.items() if value is not None}


def _findings(report: Report) -> dict[str, Any]:
    counted_findings = [finding for finding in report.findings if finding.suppressed_by is None]
    counts = {
        f"{severity}s": sum(finding.severity is severity for finding in counted_findings)
        for severity in Severity
    }
    layers = {f"layer_{layer}": status for layer, status in layer_statuses(report)}
    return {**counts, **layers, **_ignores(report)}


def _ignores(report: Report) -> dict[str, str]:
    suppressed = (finding.suppressed_by for finding in report.suppressed)
    arguments = dict.fromkeys(ignore.argument() for ignore in suppressed if ignore)
    expired = dict.fromkeys(ignore.argument() for ignore in report.expired_ignores)
    return {
        "suppressed": _text("; ".join(arguments), _MAX_TEXT),
        "expired_ignores": _text("; ".join(expired), _MAX_TEXT),
    }


def _text(text: str, limit: int) -> str:
    line = document.single_line(text)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
