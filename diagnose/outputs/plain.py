"""One finding per line, in columns separated by tabs: for grep, cut and awk.

The columns are target, severity, check, role ("cause", "symptom", "note" or "suppressed"),
confidence, subject and title. The title of what is ignored begins with the reason. A target without
findings has one line, whose severity is its status. The answer to a pasted message, and each ignore
that no longer applies, is a last line, whose role is "message" or "expired".
"""

from diagnose.checking.verdicts import verdict
from diagnose.model import Finding, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.symptom_text import symptom_text
from diagnose.outputs.verdict_text import verdict_sentence


def render(report: Report, view: View) -> str:
    url = report.evidence.target.url
    message_row = _message_row(report, view) + _expired_rows(report, view)
    if not report.findings:
        sentence = verdict_sentence(report, view.lang)
        return _row(url, verdict(report).status, "-", "-", "-", "-", sentence) + message_row
    rows = "".join(
        _row(
            url,
            str(finding.severity),
            finding.check.id,
            _role(finding),
            str(finding.claim.confidence),
            str(finding.claim.about),
            _title(finding, view.lang),
        )
        for finding in report.findings
    )
    return rows + message_row


def _message_row(report: Report, view: View) -> str:
    text, symptom = symptom_text(report, view.lang), report.evidence.target.symptom
    if not (text and symptom):
        return ""
    return _row(report.evidence.target.url, "note", "-", "message", "-", symptom.kind, text)


def _expired_rows(report: Report, view: View) -> str:
    url = report.evidence.target.url
    return "".join(
        _row(url, "note", ignore.check, "expired", "-", "-", sentence)
        for ignore, sentence in zip(
            report.expired_ignores, ignore_text.expired_ignores(report, view.lang), strict=True
        )
    )


def _title(finding: Finding, lang: str) -> str:
    title = finding_text.title(finding, lang)
    return f"{ignore_text.suppression(finding, lang)}: {title}" if finding.suppressed_by else title


def _role(finding: Finding) -> str:
    if finding.suppressed_by is not None:
        return "suppressed"
    if finding.explained_by is not None:
        return "symptom"
    return "note" if finding.severity is Severity.NOTE else "cause"


def _row(*columns: str) -> str:
    return "\t".join(document.single_line(column) or "-" for column in columns) + "\n"
