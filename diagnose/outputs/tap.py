"""The report in the Test Anything Protocol, version 14, for test harnesses.

Of each target the verdict is a test point, and so is each layer that was reached. What is ignored,
and a layer that could not be judged, is skipped. Details are in YAML blocks as simple as Perl's
TAP::Parser reads them: block mappings of double-quoted scalars, and sequences of such mappings.
Source: testanything.org, "TAP version 14".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from diagnose.checking.verdicts import verdict
from diagnose.model import Finding, Report
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.layers import Layer
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.recording.codec import escape_json

#: Texts, and lists of such mappings, by name.
Details = Mapping[str, "str | Sequence[Details]"]


@frozen
class TestPoint:
    """A line of the protocol. `skipped` is the reason of a SKIP directive."""

    passed: bool
    description: str
    skipped: str = ""
    details: Details = field(default_factory=dict)


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
        details = _finding_details(finding, lang)
        yield TestPoint(True, f"{url} {finding.check.id}", reason, details)


def _verdict_point(report: Report, view: View) -> TestPoint:
    status, lang = verdict(report).status, view.lang
    details: Details = {
        "verdict": status,
        "summary": verdict_sentence(report, lang),
        "expired_ignores": [{"text": text} for text in ignore_text.expired_ignores(report, lang)],
    }
    return TestPoint(status in {"ok", "warning"}, report.evidence.target.url, "", details)


def _layer_point(report: Report, layer: Layer, description: str, lang: str) -> TestPoint:
    findings = [
        _finding_details(finding, lang)
        for finding in report.findings
        if finding.check.layer == layer.name and finding.suppressed_by is None
    ]
    skipped = (layer.reason or layer.status) if layer.status in {"unknown", "skipped"} else ""
    return TestPoint(layer.status != "error", description, skipped, {"findings": findings})


def _finding_details(finding: Finding, lang: str) -> Details:
    return {
        "check": finding.check.id,
        "severity": str(finding.severity),
        "title": finding_text.title(finding, lang),
        "summary": finding_text.summary(finding, lang),
        "commands": [{"command": command} for command in finding_text.commands(finding)],
        "ignored": ignore_text.suppression(finding, lang),
        "explained_by": finding.explained_by or "",
    }


def _lines(number: int, point: TestPoint) -> Iterator[str]:
    state = "ok" if point.passed else "not ok"
    directive = f" # SKIP {_escaped(point.skipped)}" if point.skipped else ""
    yield f"{state} {number} - {_escaped(point.description)}{directive}"
    details = list(_yaml(point.details))
    if details:
        yield from ("  ---", *(f"  {line}" for line in details), "  ...")


def _yaml(value: Details) -> Iterator[str]:
    """Yield the lines of a block mapping, without what is empty."""
    for key, part in value.items():
        if isinstance(part, str):
            if part:
                yield f"{key}: {_scalar(part)}"
        elif part:
            yield f"{key}:"
            for item in part:
                for row, line in enumerate(_yaml(item)):
                    yield f"  {'  ' if row else '- '}{line}"


def _scalar(text: str) -> str:
    """Return a double-quoted scalar of YAML, on one line: a string of JSON is one."""
    return escape_json(json.dumps(document.single_line(text), ensure_ascii=False))


def _escaped(text: str) -> str:
    """Escape what would begin a directive."""
    return document.single_line(text).replace("\\", "\\\\").replace("#", "\\#")
