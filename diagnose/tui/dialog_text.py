"""The texts of dialogs over a target: gaps, the observations of a layer, the edits of a fix, the
differences from earlier runs, the keys. No I/O."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnose.checking.verdicts import verdict
from diagnose.i18n import reports
from diagnose.i18n.screen import translate
from diagnose.model import Edit, Finding, Report
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.layers import layer_states
from diagnose.outputs.terminal import Page, cell_len
from diagnose.tui import header_text, tab_text
from diagnose.tui.key_map import key_facts
from diagnose.tui.keys import Key

if TYPE_CHECKING:
    from diagnose.history import FingerprintChange


def skipped_text(report: Report, view: View) -> str:
    """Return what was not observed and why, with the command that would allow it, and skipped
    layers."""
    page = tab_text.new_page(view)
    texts.add_evidence_gaps(page, report, view)
    layers_of: dict[str, list[str]] = {}
    for layer in layer_states(report, view.lang):
        if layer.status == "skipped" and layer.reason:
            name = reports.translate(f"layer.{layer.name}", view.lang)
            layers_of.setdefault(layer.reason, []).append(name)
    for reason, names in layers_of.items():
        layers = finding_text.join_texts(names, view.lang)
        page.prose(f"{layers}: {reason}", f"{page.sign('skipped')} ", 0, "dim")
    return page.text() if page.lines else translate("nothing-skipped", view.lang)


def layer_text(report: Report, layer: str, view: View) -> str:
    page = tab_text.new_page(view)
    for observation in header_text.layer_observations(report, layer):
        page.blank()
        tab_text.add_observation(page, observation, view)
    if not page.lines:
        states = {state.name: state for state in layer_states(report, view.lang)}
        page.prose(states[layer].reason or translate("nothing-yet", view.lang), "", 0, "dim")
    return page.text()


def fix_diffs(finding: Finding) -> str:
    """Return the edits of a fix as diffs; "" if it has none."""
    return "\n".join(step.diff for step in finding_text.steps(finding) if isinstance(step, Edit))


def colored_diff(diff: str, view: View) -> str:
    """Colour a diff."""
    page = tab_text.new_page(view)
    texts.add_diff(page, diff.rstrip("\n").split("\n"))
    return "\n".join(page.lines)


def comparison_text(
    before: Report | None, after: Report, changes: "tuple[FingerprintChange, ...]", view: View
) -> str:
    """Return the differences from the previous run, and from the last healthy run."""
    page = tab_text.new_page(view)
    if before is not None:
        page.add(("bold", translate("compare-before", view.lang)))
        _add_comparison(page, before, after, view)
    if changes:
        page.blank()
        page.add(("bold", translate("changed", view.lang)))
        for line in header_text.change_lines(changes, view, limit=len(changes)):
            page.prose(line, "- ", 2)
    return page.text()


def _add_comparison(page: Page, before: Report, after: Report, view: View) -> None:
    lang, lines = view.lang, len(page.lines)
    first, second = verdict(before).status, verdict(after).status
    if first != second:
        page.add(
            "  ",
            (first, reports.translate(first, lang)),
            " -> ",
            (second, reports.translate(second, lang)),
        )
    before_by_check, after_by_check = (
        {finding.check.id: finding for finding in report.findings} for report in (before, after)
    )
    for key, findings, baseline in (
        ("compare-gone", before_by_check, after_by_check),
        ("compare-new", after_by_check, before_by_check),
    ):
        for check_id in findings.keys() - baseline.keys():
            change = f"{check_id}: {finding_text.title(findings[check_id], lang)}"
            page.prose(translate(key, lang, what=change), "- ", 2)
    if len(page.lines) == lines:
        page.prose(translate("compare-same", lang), "", 2, "dim")


def help_text(
    table: tuple[Key, ...], focus: str, why_not: Callable[[str], str], view: View, tabs: bool
) -> str:
    """Return where the focus is and what every key does; for a disabled key also why."""
    page, lang, facts = tab_text.new_page(view), view.lang, key_facts(table)
    if focus:
        page.prose(translate(f"help.{focus}", lang, **facts), "", 0, "bold")
        page.blank()
    for key in table:
        obstacle = why_not(key.name)
        reason = translate(obstacle, lang, **facts) if obstacle else ""
        _add_key(page, key.label, key.description(lang), reason, lang)
    if tabs:
        _add_key(page, f"1 - {len(tab_text.TABS)}", translate("help.tabs", lang), "", lang)
    _add_key(page, "Tab", translate("help.panes", lang), "", lang)
    return page.text()


def _add_key(page: Page, label: str, description: str, reason: str, lang: str) -> None:
    start = f"{label}{' ' * (7 - cell_len(label))}"
    page.prose(description, start, 0, "dim" if reason else "")
    if reason:
        page.prose(translate("help.not-now", lang, why=reason), " " * 7, 0, "dim")
