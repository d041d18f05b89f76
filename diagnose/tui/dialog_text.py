"""The texts of the sheets that lie over a target: what was not seen, what a layer showed, what a
fix changes in files, what differs from the run before, the keys. Pure."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnose.checking.root_cause import verdict
from diagnose.i18n import reports
from diagnose.i18n.screen import say
from diagnose.model import Edit, Finding, Report
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.layers import states
from diagnose.outputs.terminal import Page, cells
from diagnose.tui import header_text, tab_text
from diagnose.tui.keys import Key

if TYPE_CHECKING:
    from diagnose.history import Change


def skipped(report: Report, view: View) -> str:
    """What was not looked at and why, with the command that would allow it; layers not reached."""
    made = tab_text.page(view)
    texts.unseen(made, report, view)
    for layer in states(report, view.lang):
        if layer.status == "skipped":
            name = reports.say(f"layer.{layer.name}", view.lang)
            made.prose(layer.reason or "", f"{made.sign('skipped')} {name}: ", 0, "dim")
    return made.text() if made.lines else say("nothing-skipped", view.lang)


def seen_of(report: Report, layer: str, view: View) -> str:
    made = tab_text.page(view)
    for one in header_text.seen_of(report, layer):
        made.blank()
        tab_text.observation(made, one)
    return made.text()


def diffs(found: Finding) -> str:
    """What a fix changes in files; empty where it changes none."""
    return "\n".join(step.diff for step in finding_text.steps(found) if isinstance(step, Edit))


def painted(diff: str, view: View) -> str:
    """A diff in colour."""
    made = tab_text.page(view)
    texts.diff(made, diff.rstrip("\n").split("\n"))
    return "\n".join(made.lines)


def compared(
    before: Report | None, after: Report, changes: "tuple[Change, ...]", view: View
) -> str:
    """What is other than it was: in the run before, and when all was well."""
    made = tab_text.page(view)
    if before is not None:
        made.add(("bold", say("compare-before", view.lang)))
        _between(made, before, after, view)
    if changes:
        made.blank()
        made.add(("bold", say("changed", view.lang)))
        for line in header_text.news(changes, view, len(changes)):
            made.prose(line, "- ", 2)
    return made.text()


def _between(made: Page, before: Report, after: Report, view: View) -> None:
    lang, lines = view.lang, len(made.lines)
    first, second = verdict(before).status, verdict(after).status
    if first != second:
        made.add(
            "  ", (first, reports.say(first, lang)), " -> ", (second, reports.say(second, lang))
        )
    was, now = ({one.check.id: one for one in each.findings} for each in (before, after))
    for key, found, others in (("compare-gone", was, now), ("compare-new", now, was)):
        for check_id in found.keys() - others.keys():
            what = f"{check_id}: {finding_text.title(found[check_id], lang)}"
            made.prose(say(key, lang, what=what), "- ", 2)
    if len(made.lines) == lines:
        made.prose(say("compare-same", lang), "", 2, "dim")


def keys(
    table: tuple[Key, ...], focus: str, why_not: Callable[[str], str], view: View, tabs: bool
) -> str:
    """Where one is, and every key; what cannot be done now says why."""
    made, lang = tab_text.page(view), view.lang
    if focus:
        made.prose(say(f"help.{focus}", lang), "", 0, "bold")
        made.blank()
    for one in table:
        _key(made, one.label, say(f"does.{one.name}", lang), why_not(one.name), lang)
    if tabs:
        _key(made, "1 - 5", say("help.tabs", lang), "", lang)
    _key(made, "Tab", say("help.panes", lang), "", lang)
    return made.text()


def _key(made: Page, label: str, does: str, why: str, lang: str) -> None:
    start = f"{label}{' ' * (7 - cells(label))}"
    made.prose(does, start, 0, "dim" if why else "")
    if why:
        made.prose(say("help.not-now", lang, why=say(why, lang)), " " * 7, 0, "dim")
