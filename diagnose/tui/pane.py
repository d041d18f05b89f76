"""The texts of the panes, each a function of the report: what the plain report says, laid out for
a width. Pure."""

from dataclasses import replace

from diagnose import explain
from diagnose.model import Finding, Manual, Observation, Report
from diagnose.outputs import View, said, strings
from diagnose.outputs import text as texts
from diagnose.outputs.digest import digest
from diagnose.outputs.terminal import Page, cells, safe
from diagnose.tui.words import say

TABS = ("why", "fix", "evidence", "timeline", "explain")

#: A run's longest bars are so many cells.
_BARS = 24


def head(report: Report, view: View, running: bool) -> str:
    page = Page(view.width, view.color, view.ascii)
    if running:
        page.add(("unknown", say("running", view.lang)), "  ", ("bold", report.evidence.target.url))
    else:
        texts.head(page, report, view)
    return page.text()


def strip(report: Report, view: View) -> str:
    page = Page(view.width, view.color, view.ascii)
    texts.strip(page, report, view)
    return page.text()


def listed(found: Finding, depth: int, view: View) -> str:
    """A finding on one line of the list, cut where it is too long: the panes have it whole."""
    page = Page(view.width, view.color, view.ascii)
    root = depth == 0 and str(found.severity) != "note"
    mark = say("root" if root else "note" if depth == 0 else "follows", view.lang)
    sign = page.sign("unknown" if str(found.severity) == "note" else str(found.severity))
    branch = "" if depth == 0 else "   " * (depth - 1) + ("`- " if view.ascii else "└ ")
    name = f"{branch}{sign} {found.check.id}  "
    room = view.width - cells(name) - cells(mark) - 2
    title = _cut(safe(said.title(found, view.lang)), room, view.ascii)
    gap = " " * max(room - cells(title) + 2, 1)
    role = str(found.severity) if depth == 0 else "dim"
    page.add((role, name), (("bold" if root else "dim"), title), gap, ("dim", mark))
    return page.lines[0]


def _cut(text: str, room: int, plain: bool) -> str:
    if cells(text) <= room:
        return text
    end = "..." if plain else "…"
    while text and cells(text) > room - cells(end):
        text = text[:-1]
    return text + end


def text(tab: str, report: Report, found: Finding | None, view: View, running: bool) -> str:
    """A tab's text about a finding; the timeline is of the whole run."""
    page = Page(view.width, view.color, view.ascii)
    if tab == "timeline":
        waterfall(page, report, view)
    elif found is None:
        _nothing(page, report, view, running)
    elif tab == "why":
        texts.why(page, report, found, view)
    elif tab == "fix":
        texts.remedy(page, report, found, replace(view, verbosity=1))
    elif tab == "evidence":
        _evidence(page, found, view)
    else:
        return explain.page(found.check.id, view)
    return page.text()


def _nothing(page: Page, report: Report, view: View, running: bool) -> None:
    if running:
        page.prose(say("nothing-yet", view.lang), "", 0, "dim")
        return
    page.prose(said.sentence(report, view.lang))
    texts.unseen(page, report, view)


def _evidence(page: Page, found: Finding, view: View) -> None:
    for seen in found.claim.because:
        page.blank()
        page.prose(digest(seen), f"{seen.vantage}: ", 0)
        if seen.equivalent:
            page.code(f"$ {seen.equivalent}", 4)
        if seen.failure:
            code = f" ({seen.failure.name})" if seen.failure.name else ""
            page.prose(f"{seen.failure.message}{code}", "", 4, "error")
        page.add(("dim", f"    {seen.at * 1000:.0f} ms + {seen.took * 1000:.0f} ms"))
    if found.claim.ruled_out:
        page.blank()
        page.prose(", ".join(found.claim.ruled_out), f"{strings.say('ruled-out', view.lang)}: ")


def waterfall(page: Page, report: Report, view: View) -> None:
    """When each thing was looked at, and for how long: bars on one axis of time."""
    seen = sorted(report.evidence.observations, key=_began)
    end = max((one.at for one in seen), default=0.0)
    whole = max(end, 0.001)
    bars = max(min(_BARS, view.width // 4), 8)
    for one in seen:
        began = _began(one)
        left = min(int(began / whole * bars), bars - 1)
        size = max(round((one.at - began) / whole * bars), 1)
        bar = " " * left + ("#" if view.ascii else "━") * min(size, bars - left)
        head = f"{bar:{bars}} {one.took * 1000:5.0f} ms "
        room = max(view.width - cells(head), 8)
        role = "error" if one.failure else "dim"
        page.add((role, head), _cut(safe(digest(one)), room, view.ascii))
    page.add(("dim", f"0{' ' * (bars - 2)}{whole * 1000:.0f} ms"))


def _began(seen: Observation) -> float:
    return max(seen.at - seen.took, 0.0)


def steps(found: Finding) -> str:
    """A remedy's steps as they are typed, for the clipboard: what is done by hand as a comment."""
    lines = [said.shell(step) for step in said.steps(found) if not isinstance(step, Manual)]
    return "\n".join(lines) + "\n" if lines else ""
