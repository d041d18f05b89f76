"""`--baseline FILE`: what is new, gone or changed since an earlier run."""

import json
from datetime import UTC, datetime
from typing import Any

from diagnose.checking.conclusion import conclude
from diagnose.history.baseline import Change, Comparison, Document, compare, target_url
from diagnose.i18n.baseline import translate
from diagnose.i18n.reports import MESSAGES as REPORTS
from diagnose.i18n.reports import translate as label
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import json as documents
from diagnose.outputs import text as texts
from diagnose.outputs.terminal import Page
from diagnose.parsers.target import UsageError
from diagnose.recording.codec import decode, read_recording


def read_baseline(path: str) -> list[Document]:
    """Return the documents of a file: those of `diagnose --json`, or that of a recording, judged by
    the checks of today. Raise UsageError if it is neither."""
    text = read_recording(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    items = value if isinstance(value, list) else [value]
    reports: list[Document] = [
        item for item in items if isinstance(item, dict) and target_url(item)
    ]
    if reports and all("findings" in item for item in reports):
        return reports
    try:
        recording = decode(text)
    except UsageError:
        raise UsageError(f"{path}: it is no report of diagnose --json and no recording.") from None
    return [documents.document(conclude(recording.evidence), View(lang="en"))]


def compared(
    earlier: list[Document], report: Report, view: View
) -> tuple[dict[str, Any], Comparison]:
    """Return the document of a run, and what it differs in from the earlier run of its target. A
    file with a single document is compared in any case: its names may be masked."""
    document = documents.document(report, view)
    same_target = [item for item in earlier if target_url(item) == target_url(document)]
    return document, compare((same_target or earlier)[0], document)


def render_json(earlier: list[Document], report: Report, view: View) -> str:
    """Return the whole document, with what differs in its field `baseline`."""
    document, comparison = compared(earlier, report, view)
    document["baseline"] = {
        "started_at": comparison.at or None,
        "url": comparison.url,
        "status": comparison.status,
        "same_target": comparison.same_target,
        "new": list(comparison.new),
        "gone": [
            {
                "check": past_finding.check,
                "severity": past_finding.severity,
                "title": past_finding.title,
            }
            for past_finding in comparison.gone
        ],
        "changed": [
            {
                "kind": change.kind,
                "name": change.name or None,
                "before": change.before,
                "after": change.after,
            }
            for change in comparison.changed
        ],
    }
    return documents.to_json(document)


def render_text(earlier: list[Document], report: Report, view: View) -> str:
    """Return the verdict and what differs. A new cause is told in full."""
    _, comparison = compared(earlier, report, view)
    page = Page(min(view.width, 100), view.color, view.ascii)
    texts.add_head(page, report, view)
    if view.verbosity < 0:
        return page.text()
    _add_origin(page, comparison, view.lang)
    for change in comparison.changed:
        text = translate(f"baseline.changed.{change.kind}", view.lang, **_facts(change, view.lang))
        page.prose(text, f"~ {translate('baseline.changed', view.lang)}: ")
    for past_finding in comparison.gone:
        page.prose(
            f"{past_finding.title} [{past_finding.check}]",
            f"- {translate('baseline.gone', view.lang)}: ",
        )
    _add_new(page, comparison, report, view)
    return page.text()


def _add_origin(page: Page, comparison: Comparison, lang: str) -> None:
    state, at = _state_text(comparison.status, lang), _time_text(comparison.at)
    page.prose(translate("baseline.since", lang, at=at, url=comparison.url, state=state), "", 2)
    if not comparison.same_target:
        page.prose(translate("baseline.other-target", lang), "", 2, "warning")
    page.blank()
    if comparison.is_empty:
        page.prose(translate("baseline.same", lang))


def _add_new(page: Page, comparison: Comparison, report: Report, view: View) -> None:
    findings = [finding for finding in report.findings if finding.id in comparison.new]
    for finding in findings:
        page.add(("bold", f"+ {translate('baseline.new', view.lang)}:"))
        if finding.is_cause:
            texts.add_cause(page, report, finding, view)
        else:
            texts.add_explanation(page, report, finding, view)
        page.blank()
    if any(finding.is_cause for finding in findings):
        texts.add_next_commands(page, report, view)


def _facts(change: Change, lang: str) -> dict[str, str]:
    is_state = change.kind in {"verdict", "layer"}
    before, after = (
        _state_text(text, lang) if is_state else text for text in (change.before, change.after)
    )
    layer = f"layer.{change.name}"
    name = label(layer, lang) if layer in REPORTS else change.name
    return {"name": name, "before": before, "after": after}


def _time_text(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):  # a file may hold any text
        return at


def _state_text(state: str, lang: str) -> str:
    """Return a status in words. That of an earlier version may be another one."""
    return label(state, lang) if state in REPORTS else state
