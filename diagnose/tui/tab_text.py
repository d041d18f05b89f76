"""The texts of the panes, each a function of the report: what the plain report says, laid out for
a width. Pure."""

from dataclasses import replace

from diagnose.i18n import reports
from diagnose.i18n.screen import say
from diagnose.model import LAYERS, Finding, Manual, Observation, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import check_page, finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.digest import digest
from diagnose.outputs.terminal import Page, cells, safe, wrap

TABS = ("why", "fix", "evidence", "timeline", "explain")

#: A run's longest bars are so many cells.
_BARS = 24

#: The strip of layers has so many lines at most, if it can.
_STRIP = 2


def page(view: View) -> Page:
    return Page(view.width, view.color, view.ascii)


def head(report: Report, view: View, running: bool) -> str:
    made = page(view)
    if running:
        made.add(("unknown", say("running", view.lang)))
    else:
        texts.head(made, report, view)
    return made.text()


def strip(report: Report, view: View) -> str:
    """The layers; without their times where these would take another line."""
    made, short = page(view), page(view)
    texts.layers(made, report, view)
    if len(made.lines) > _STRIP:
        texts.layers(short, report, view, times=False)
        made = short
    if address := finding_text.visitor(report):
        made.prose(reports.say("judged-for", view.lang, address=address), "", 2, "dim")
    if report.interrupted:
        made.prose(reports.say("interrupted", view.lang), "", 2, "warning")
    return made.text()


def listed(found: Finding, depth: int, view: View, tall: bool = False) -> str:
    """A finding on one line of the list, cut where it is too long; or, in a narrow and `tall`
    list, whole on several."""
    made = page(view)
    root = depth == 0 and found.severity is not Severity.NOTE
    mark = say("root" if root else "note" if depth == 0 else "follows", view.lang)
    sign = made.sign("unknown" if found.severity is Severity.NOTE else str(found.severity))
    branch = "" if depth == 0 else "   " * (depth - 1) + ("`- " if view.ascii else "└ ")
    name = f"{branch}{sign} {found.check.id}"
    role = str(found.severity) if depth == 0 else "dim"
    title = safe(finding_text.title(found, view.lang))
    if tall:
        indent = cells(branch) + 2
        made.add((role, cut(name, view.width, view.ascii)))
        for line in wrap(title, view.width - indent):
            made.add(
                " " * indent, ("" if root else "dim", cut(line, view.width - indent, view.ascii))
            )
        made.add(" " * indent, ("bold" if root else "dim", mark))
        return "\n".join(made.lines)
    room = view.width - cells(name) - cells(mark) - 4
    title = cut(title, room, view.ascii)
    gap = " " * max(room - cells(title) + 2, 1)
    made.add((role, f"{name}  "), (("bold" if root else "dim"), title), gap, ("dim", mark))
    return made.lines[0]


def cut(text: str, room: int, plain: bool) -> str:
    """As much of a text as there is room for, in cells."""
    if cells(text) <= room:
        return text
    end = "..." if plain else "…"
    while text and cells(text) > room - cells(end):
        text = text[:-1]
    return text + end


def text(tab: str, report: Report, found: Finding | None, view: View, running: bool) -> str:
    """A tab's text about a finding; the timeline is of the whole run."""
    made = page(view)
    if tab == "timeline":
        waterfall(made, report, view)
    elif found is None:
        _nothing(made, report, view, running)
    elif tab == "why":
        texts.why(made, report, found, view)
    elif tab == "fix":
        texts.remedy(made, report, found, replace(view, verbosity=1))
    elif tab == "evidence":
        _evidence(made, found, view)
    else:
        return check_page.page(found.check.id, view)
    return made.text()


def _nothing(made: Page, report: Report, view: View, running: bool) -> None:
    if running:
        made.prose(say("nothing-yet", view.lang), "", 0, "dim")
        return
    made.prose(finding_text.sentence(report, view.lang))
    texts.unseen(made, report, view)


def _evidence(made: Page, found: Finding, view: View) -> None:
    for seen in found.claim.because:
        made.blank()
        observation(made, seen)
    if found.claim.ruled_out:
        made.blank()
        made.prose(", ".join(found.claim.ruled_out), f"{reports.say('ruled-out', view.lang)}: ")


def observation(made: Page, seen: Observation) -> None:
    """What was seen, from where, when, and how a person would see the same."""
    made.prose(digest(seen), f"{seen.vantage}: ", 0)
    if seen.equivalent:
        made.code(f"$ {seen.equivalent}", 4)
    made.add(("dim", f"    {seen.at * 1000:.0f} ms + {seen.took * 1000:.0f} ms"))


def waterfall(made: Page, report: Report, view: View) -> None:
    """When each thing was looked at, and for how long: bars on one axis of time."""
    whole, bars = _axis(report), max(min(_BARS, view.width // 4), 8)
    for one in sorted(report.evidence.observations, key=_began):
        start = f"{_bar(_began(one), one.at, whole, bars, view.ascii)} {one.took * 1000:5.0f} ms "
        room = max(view.width - cells(start), 8)
        role = "error" if one.failure else "dim"
        made.add((role, start), cut(safe(digest(one)), room, view.ascii))
    made.add(("dim", f"0{' ' * (bars - 2)}{whole * 1000:.0f} ms"))


def by_layer(made: Page, report: Report, view: View) -> None:
    """The same in short: from the first look at a layer to the last."""
    whole, bars = _axis(report), max(view.width - 13, 8)
    spans: dict[str, tuple[float, float]] = {}
    for one in report.evidence.observations:
        first, last = spans.get(type(one).layer, (_began(one), one.at))
        spans[type(one).layer] = min(first, _began(one)), max(last, one.at)
    for layer in LAYERS:
        if layer in spans:
            name = reports.say(f"layer.{layer}", view.lang)
            gap = " " * max(12 - cells(name), 1)
            made.add(f"{name}{gap}", ("place", _bar(*spans[layer], whole, bars, view.ascii)))
    end = f"{whole * 1000:.0f} ms"
    made.add(("dim", f"{' ' * 12}0{' ' * max(bars - 1 - len(end), 1)}{end}"))


def _axis(report: Report) -> float:
    """How long the axis of time is, in seconds."""
    return max((0.001, *(one.at for one in report.evidence.observations)))


def _bar(begin: float, end: float, whole: float, bars: int, plain: bool) -> str:
    left = min(int(begin / whole * bars), bars - 1)
    size = max(round((end - begin) / whole * bars), 1)
    bar = " " * left + ("#" if plain else "━") * min(size, bars - left)
    return f"{bar:{bars}}"


def _began(seen: Observation) -> float:
    return max(seen.at - seen.took, 0.0)


def steps(found: Finding) -> str:
    """A remedy's steps as they are typed, for the clipboard; what is done by hand is left out."""
    lines = [
        finding_text.shell(step)
        for step in finding_text.steps(found)
        if not isinstance(step, Manual)
    ]
    return "\n".join(lines) + "\n" if lines else ""
