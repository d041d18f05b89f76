"""The report as JUnit's XML, for the result pages of CI systems.

Each target is a suite, and each layer that was reached is a case. A layer with a fault has failed.
The case "verdict" has an error if the site could not be judged. A finding that is ignored is a case
of its own, which is skipped.
"""

from collections.abc import Sequence

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from diagnose.checking.verdicts import verdict
from diagnose.model import Finding, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.layers import Layer
from diagnose.outputs.verdict_text import verdict_sentence


def render(report: Report, view: View) -> str:
    return render_all([(report, view)])


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    xml = JUnitXml("diagnose")
    for report, view in report_views:
        # add_testsuite() would merge suites of the same name.
        xml.append(_suite(report, view))  # type: ignore[no-untyped-call]
    xml.update_statistics()  # type: ignore[no-untyped-call]
    text: str = xml.tostring().decode()  # type: ignore[no-untyped-call]
    return text.rstrip("\n") + "\n"


def _suite(report: Report, view: View) -> TestSuite:
    suite = TestSuite(document.single_line(report.evidence.target.url))
    suite.timestamp = report.evidence.started_at.isoformat()
    suite.hostname = document.single_line(view.hostname)
    suite.add_testcase(_verdict_case(report, view))
    for layer in document.reported_layers(report, view.lang):
        suite.add_testcase(_layer_case(report, view, layer))
    for finding in report.suppressed:
        suite.add_testcase(_ignored_case(report, finding, view))
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite


def _verdict_case(report: Report, view: View) -> TestCase:
    """Return the case that fails where the site is not proven to work, whatever the layer."""
    outcome = verdict(report)
    case = TestCase("verdict", _class_name(report), report.duration)
    sentence = document.single_line(verdict_sentence(report, view.lang))
    if outcome.status == "critical":
        case.result = [Failure(sentence, "critical")]
    elif outcome.status == "unknown":
        case.result = [Error(sentence, "unknown")]
    if expired := ignore_text.expired_ignores(report, view.lang):
        case.system_out = "\n".join(map(document.single_line, expired))
    return case


def _ignored_case(report: Report, finding: Finding, view: View) -> TestCase:
    case = TestCase(finding.check.id, _class_name(report), 0.0)
    note = ignore_text.suppression(finding, view.lang)
    title = finding_text.title(finding, view.lang)
    case.result = [Skipped(document.single_line(f"{note}: {title}"))]
    return case


def _layer_case(report: Report, view: View, layer: Layer) -> TestCase:
    case = TestCase(layer.name, _class_name(report), layer.took or 0.0)
    findings = [
        finding
        for finding in report.findings
        if finding.check.layer == layer.name and finding.suppressed_by is None
    ]
    case.result = [
        _failure(finding, view) for finding in findings if finding.severity is Severity.ERROR
    ]
    if not case.result and layer.status in {"unknown", "skipped"}:
        reason = document.single_line(layer.reason or layer.status)
        case.result = [Skipped(reason)]
    warnings = [finding for finding in findings if finding.severity is not Severity.ERROR]
    if warnings:
        case.system_out = "\n".join(_line(finding, view) for finding in warnings)
    return case


def _failure(finding: Finding, view: View) -> Failure:
    failure = Failure(
        document.single_line(finding_text.title(finding, view.lang)), finding.check.id
    )
    failure.text = document.sanitize_lines(finding_text.summary(finding, view.lang))
    return failure


def _line(finding: Finding, view: View) -> str:
    title = finding_text.title(finding, view.lang)
    return document.single_line(f"{finding.severity} {finding.check.id}: {title}")


def _class_name(report: Report) -> str:
    return document.single_line(f"diagnose.{report.evidence.target.host}")
