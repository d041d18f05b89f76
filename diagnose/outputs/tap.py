"""The report in the Test Anything Protocol, version 14, for test harnesses.

Of each target the verdict is a test point, and so is each layer that was reached. What is ignored,
and a layer that could not be judged, is skipped. Details are in YAML blocks, whose values are JSON.
Source: testanything.org, "TAP version 14".
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from diagnose.checking.root_cause import verdict
from diagnose.model import Finding, Report
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.layers import Layer
from diagnose.recording.codec import escape_json


@frozen
class TestPoint:
    """A line of the protocol. `skipped` is the reason of a SKIP directive, `details` are JSON
    documents, one each line."""

    passed: bool
    description: str
    skipped: str = ""
    details: tuple[str, ...] = ()


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    """Return one document for all targets, with their test points one after another."""
    points = [point for report, view in report_views for point in _points(report, view)]
    lines = ["TAP version 14", f"1..{len(points)}"]
    for number, point in enumerate(points, 1):
        lines += _lines(number, point)
    return "\n".join(lines) + "\n"


def _points(report: Report, view: View) -> Iterator[TestPoint]:
    url, lang = report.evidence.target.url, view.lang
    yield _verdict_point(report, view)
    for layer in document.reported_layers(report, lang):
        yield _layer_point(report, layer, f"{url} {layer.name}", lang)
    for finding in report.suppressed:
        reason = ignore_text.suppression(finding, lang)
        yield TestPoint(True, f"{url} {finding.check.id}", reason, (_details(finding, lang),))


def _verdict_point(report: Report, view: View) -> TestPoint:
    status, lang = verdict(report).status, view.lang
    sentence = finding_text.verdict_sentence(report, lang)
    details = [_json({"verdict": status, "summary": sentence})]
    details += [_json({"ignore": text}) for text in ignore_text.expired_ignores(report, lang)]
    passed = status in {"ok", "warning"}
    return TestPoint(passed, report.evidence.target.url, "", tuple(details))


def _layer_point(report: Report, layer: Layer, description: str, lang: str) -> TestPoint:
    findings = [
        finding
        for finding in report.findings
        if finding.check.layer == layer.name and finding.suppressed_by is None
    ]
    details = tuple(_details(finding, lang) for finding in findings)
    skipped = (layer.reason or layer.status) if layer.status in {"unknown", "skipped"} else ""
    return TestPoint(layer.status != "error", description, skipped, details)


def _details(finding: Finding, lang: str) -> str:
    fields: dict[str, object] = {
        "check": finding.check.id,
        "severity": str(finding.severity),
        "title": finding_text.title(finding, lang),
        "summary": finding_text.summary(finding, lang),
        "commands": finding_text.commands(finding),
    }
    if finding.suppressed_by is not None:
        fields["ignored"] = ignore_text.suppression(finding, lang)
    if finding.explained_by is not None:
        fields["explained_by"] = finding.explained_by
    return _json(fields)


def _json(fields: Mapping[str, object]) -> str:
    return escape_json(json.dumps(fields, ensure_ascii=False))


def _lines(number: int, point: TestPoint) -> Iterator[str]:
    state = "ok" if point.passed else "not ok"
    directive = f" # SKIP {_escaped(point.skipped)}" if point.skipped else ""
    yield f"{state} {number} - {_escaped(point.description)}{directive}"
    if point.details:
        yield "  ---"
        yield from (f"  - {details}" for details in point.details)
        yield "  ..."


def _escaped(text: str) -> str:
    """Escape what would begin a directive."""
    return document.single_line(text).replace("\\", "\\\\").replace("#", "\\#")
