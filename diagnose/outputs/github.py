"""Annotations of a GitHub Actions run: workflow commands, one a line, each a cause, a note or what
is ignored.

What follows from a cause stands in its message, because a step shows ten annotations of each level
at most. Source: GitHub's "Workflow commands for GitHub Actions" and the runner's own escapes
(ActionCommand.cs): "%", CR and LF in a message, also ":" and "," in a property.
"""

from collections.abc import Iterator

from diagnose.checking.verdicts import verdict
from diagnose.i18n.reports import translate
from diagnose.model import Finding, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.parsers.sanitize import printable

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_DATA_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = {**_DATA_ESCAPES, ord(":"): "%3A", ord(","): "%2C"}


def render(report: Report, view: View) -> str:
    return "".join(f"{line}\n" for line in _annotations(report, view))


def _annotations(report: Report, view: View) -> Iterator[str]:
    lang = view.lang
    if not report.causes:
        yield _verdict(report, lang)
    for finding in report.findings:
        if finding.is_cause or finding.is_note:
            yield _annotation(
                _LEVELS[finding.severity], finding, _message(report, finding, lang), lang
            )
    for finding in report.suppressed:
        yield _annotation("notice", finding, ignore_text.suppression(finding, lang), lang)
    for sentence in ignore_text.expired_ignores(report, lang):
        yield _command("warning", {"title": "--ignore"}, sentence)


def _verdict(report: Report, lang: str) -> str:
    """Return the verdict of a report without a cause. What could not be judged is an error: the
    step's exit status says so, too."""
    status = verdict(report).status
    level = "notice" if status == "ok" else "error"
    properties = {"title": translate(status, lang)}
    return _command(level, properties, verdict_sentence(report, lang))


def _annotation(level: str, finding: Finding, message: str, lang: str) -> str:
    location = finding.claim.location
    place: dict[str, str] = {}
    if location is not None:
        place = {"file": location.file, "line": str(location.line), "col": str(location.column)}
        if location.end_column > location.column:
            place["endColumn"] = str(location.end_column)
    title = f"{finding.check.id}: {finding_text.title(finding, lang)}"
    return _command(level, {**place, "title": title}, message)


def _message(report: Report, finding: Finding, lang: str) -> str:
    """Return the summary, what follows from it, and the commands of the fix."""
    lines = [report.evidence.target.url, finding_text.summary(finding, lang)]
    for symptom in finding_text.symptoms(report, finding):
        title = document.single_line(finding_text.title(symptom, lang))
        lines.append(f"{translate('symptoms', lang)} {symptom.check.id}: {title}")
    for step in finding_text.commands(finding):
        lines.append(f"$ {step}")
    return "\n".join(lines)


def _command(level: str, properties: dict[str, str], message: str) -> str:
    property_text = ",".join(
        f"{name}={printable(document.single_line(value)).translate(_PROPERTY_ESCAPES)}"
        for name, value in properties.items()
    )
    text = "\n".join(map(printable, message.split("\n"))).translate(_DATA_ESCAPES)
    return f"::{level} {property_text}::{text}"
