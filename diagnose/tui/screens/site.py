"""One target: the verdict and the layers above, the causes, and what is asked of one of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Input, OptionList

from diagnose.model import Finding, Report
from diagnose.outputs import View, said, strings
from diagnose.reasoning import layers
from diagnose.tui import around, pane, sheets
from diagnose.tui.keys import SITE, bindings
from diagnose.tui.live import rows
from diagnose.tui.screens.prompt import Prompt
from diagnose.tui.session import EVERY, Session
from diagnose.tui.widgets.bars import KeyLine, Tabs
from diagnose.tui.widgets.findings import Findings, words
from diagnose.tui.widgets.layers import Layers
from diagnose.tui.widgets.reading import Lines, Reading
from diagnose.tui.words import say

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp

#: From these widths on there are two columns, and three; from that height on, then, the log
#: (app.tcss has the same numbers).
WIDE, XWIDE, TALL = 100, 140, 34
#: The widths of the findings, beside one column and beside two, and of the layers. What is left is
#: for the text, whose commands shall not be folded.
FOUND, FOUND_XWIDE, LAYERS = 30, 34, 26


class SiteScreen(Screen[None]):
    app: "DiagnoseApp"
    BINDINGS = [
        *bindings(SITE),
        *((str(number), f"tab('{name}')", "") for number, name in enumerate(pane.TABS, 1)),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.tab = "why"
        self.causes_only = self.failures_only = False
        self._filter = ""
        self.ready = False  # all widgets are there

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Lines(id="head")
        yield Lines(id="strip")
        yield Lines(id="news")
        with Container(id="body"):
            yield Layers()
            with Vertical(id="found"):
                yield Findings()
                yield Input(id="filter", select_on_focus=False)
                yield Reading("side")
            with Vertical(id="main"):
                yield Tabs(id="tabs")
                yield Reading("scroll")
        yield Reading("log")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.ready = True
        self.findings.focus()
        self.draw()

    def on_resize(self) -> None:
        if self.ready:
            self.draw()

    def on_screen_resume(self) -> None:
        if self.ready:
            self.draw()

    def say(self, key: str, **facts: object) -> str:
        return say(key, self.app.view.lang, **facts)

    def tell(self, key: str, **facts: object) -> None:
        self.notify(self.say(key, **facts), markup=False)

    @property
    def findings(self) -> Findings:
        return self.query_one(Findings)

    @property
    def finding(self) -> Finding | None:
        return self.findings.finding

    # What is shown

    def happened(self, where: list[Session]) -> None:
        """Something has in these sessions."""
        if self.session in where and self.ready:
            self.draw()

    def draw(self) -> None:
        report, view = self.app.shown(self.session)
        width, running = self.size.width, self.session.running
        whole = replace(view, width=max(width - 2, 20), color=True)
        self._line("#title", around.title(report.evidence.target.url, self._marks(), whole))
        self._line("#head", pane.head(report, whole, running))
        self._line("#strip", pane.strip(report, whole))
        self._line("#news", "" if width >= WIDE else "\n".join(self._news(whole)))
        self._list(report, whole)
        if width >= WIDE:
            self.query_one("#side", Reading).show(self._along(report, whole))
        if width >= XWIDE:
            self.query_one(Layers).show(report, replace(whole, width=LAYERS - 4))
            self._log(report, whole)
        self.draw_text()

    def draw_text(self) -> None:
        """The text of the chosen tab about the chosen finding, and what can be done with it."""
        report, view = self.app.shown(self.session)
        room = self.room()
        self.query_one(Tabs).show(self.tab, room - 3, view.lang)
        inner = replace(view, width=max(room - 4, 20), color=True)
        text = pane.text(self.tab, report, self.finding, inner, self.session.running)
        self.query_one("#scroll", Reading).show(text)
        self.query_one(KeyLine).show(SITE, self.why_not, self.size.width, view.lang)

    def room(self) -> int:
        """The width of the text's column. Not asked of the widgets: after a change of the
        terminal's size they have not been laid out anew yet."""
        return self.size.width - self._found() - (LAYERS if self.size.width >= XWIDE else 0)

    def _found(self) -> int:
        """The width of the findings' column; 0 where they stand above the text."""
        width = self.size.width
        return FOUND_XWIDE if width >= XWIDE else FOUND if width >= WIDE else 0

    def _line(self, where: str, text: str) -> None:
        self.query_one(where, Lines).show(text)

    def _marks(self) -> list[str]:
        """How it is looked at."""
        one, lang, kind = self.session, self.app.view.lang, self.session.behind.kind
        only = ", ".join(strings.say(f"layer.{name}", lang) for name in one.asked.only)
        server = "" if self.app.masked else one.server
        return [
            self.say(f"title.{kind}") if kind in {"demo", "recording"} else "",
            self.say("title.masked") if self.app.masked else "",
            self.say("title.causes") if self.causes_only else "",
            self.say("title.only", layers=only) if only else "",
            self.say("title.into", server=server) if server else "",
            "" if not one.watched else self.say("title.paused") if one.paused
            else self.say("title.watched", seconds=round(EVERY)),
            self.say("title.run", number=one.runs) if one.runs > 1 else "",
        ]  # fmt: skip

    def _news(self, view: View) -> list[str]:
        """What has changed since a site that is not well now was."""
        report = self.session.report
        if self.session.running or self.app.masked or not report.causes:
            return []
        told = around.news(self.session.changes, view)
        return [self.say("changed"), *told] if told else []

    def _list(self, report: Report, view: View) -> None:
        found = [
            (one, depth)
            for one, depth in rows(report)
            if self._filter in words(one, view) and (one.is_cause or not self.causes_only)
        ]
        width = (self._found() or self.size.width) - 4
        tall = self._found() > 0
        self.findings.show(found, replace(view, width=max(width, 20)), tall)

    def _along(self, report: Report, view: View) -> str:
        view = replace(view, width=self._found() - 5)
        made = pane.page(view)
        made.add(("bold", self.say("timeline")))
        pane.by_layer(made, report, view)
        for number, line in enumerate(self._news(replace(view, width=400))):
            if number == 0:
                made.blank()
            made.prose(line, "- " if number else "", 0, "" if number else "bold")
        if len(self.session.past) > 1:
            made.blank()
            made.add(("bold", self.say("history")))
            around.past(made, self.session.past, self.session.waits, view.lang)
        return made.text()

    def _log(self, report: Report, view: View) -> None:
        log = self.query_one("#log", Reading)
        log.border_title = self.say("log-failed" if self.failures_only else "log")
        log.show(around.log(report, replace(view, width=view.width - 3), self._filter,
                            self.failures_only))  # fmt: skip
        if self.session.running:
            log.scroll_end(animate=False)

    # What is chosen

    def on_findings_chosen(self) -> None:
        self.query_one("#scroll", Reading).scroll_home(animate=False)
        self.draw_text()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if isinstance(event.option_list, Layers):
            self.show_layer(event.option.id or "")
        else:
            self.query_one("#scroll").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter = event.value.lower()
        self.draw()

    def on_input_submitted(self) -> None:
        self.findings.focus()

    def action_tab(self, name: str) -> None:
        self.tab = name
        self.query_one("#scroll", Reading).scroll_home(animate=False)
        self.draw_text()

    def show_layer(self, layer: str) -> None:
        report, _ = self.app.shown(self.session)
        name = strings.say(f"layer.{layer}", self.app.view.lang)
        text = sheets.seen_of(report, layer, self.app.plain())
        self.app.sheet(self.say("seen-of", layer=name), text)

    # What the keys do

    def why_not(self, name: str) -> str:
        """The key of the words that say why an action does nothing now; empty where it does."""
        reason = _WHY_NOT.get(name)
        return reason(self) if reason else ""

    def action_do(self, name: str) -> None:
        if why := self.why_not(name):
            self.notify(self.say(why), severity="warning", markup=False)
        else:
            getattr(self, f"do_{name.replace('-', '_')}")()

    def do_again(self) -> None:
        self._begin(())

    def do_failed(self) -> None:
        self._begin(self.failed())

    def do_verify(self) -> None:
        assert self.finding is not None, "why_not says so"
        self._begin((said.felt(self.session.report, self.finding),))

    def _begin(self, only: tuple[str, ...]) -> None:
        self.session.begin(only)
        self.draw()

    def failed(self) -> tuple[str, ...]:
        """The layers in which something is wrong, or not known."""
        bad = {"error", "warning", "unknown"}
        return tuple(name for name, status in layers(self.session.report) if status in bad)

    def do_watch(self) -> None:
        self.session.watched, self.session.paused = not self.session.watched, False
        key = "watching" if self.session.watched else "watch-ends"
        self.tell(key, seconds=round(EVERY))
        self.draw()

    def do_pause(self) -> None:
        self.session.paused = not self.session.paused
        self.tell("pauses" if self.session.paused else "goes-on")
        self.draw()

    def do_copy(self) -> None:
        self.app.copied(self.steps())

    def steps(self) -> str:
        return pane.steps(self.finding) if self.finding else ""

    def do_copy_report(self) -> None:
        self.app.copied(self.app.written("markdown", self.session))

    def do_diff(self) -> None:
        text = sheets.painted(self.diffs(), self.app.plain())
        self.app.sheet(self.say("key.diff"), text)

    def diffs(self) -> str:
        return sheets.diffs(self.finding) if self.finding else ""

    def do_skipped(self) -> None:
        report, _ = self.app.shown(self.session)
        self.app.sheet(self.say("skipped"), sheets.skipped(report, self.app.plain()))

    def do_compare(self) -> None:
        one = self.session
        text = sheets.compared(one.before, one.report, one.changes, self.app.plain())
        self.app.sheet(self.say("compare"), text)

    def do_inside(self) -> None:
        def given(url: str | None) -> None:
            if url:
                self.session.look_into(url)
                self.draw()

        prompt = Prompt(self.say("asked-inside"), self.say("asked-server"), self.app.behind.server)
        self.app.push_screen(prompt, given)

    def do_apply(self) -> None:
        self.app.mend(self.session, undo=False)

    def do_undo(self) -> None:
        self.app.mend(self.session, undo=True)

    def do_export(self) -> None:
        self.app.export(self.session)

    def do_causes(self) -> None:
        self.causes_only = not self.causes_only
        self.draw()

    def do_level(self) -> None:
        self.failures_only = not self.failures_only
        self.draw()

    def do_filter(self) -> None:
        asked = self.query_one("#filter", Input)
        asked.placeholder = self.say("filter-what")
        asked.add_class("-shown")
        asked.focus()

    def do_back(self) -> None:
        """Out of the filter, then out of the text, then to the screen below."""
        asked = self.query_one("#filter", Input)
        if asked.has_class("-shown"):
            asked.value = ""
            asked.remove_class("-shown")
            self.findings.focus()
        elif self.focused is not None and self.focused is not self.findings:
            self.findings.focus()
        elif len(self.app.screen_stack) > 2:
            self.dismiss()


#: What stands for a site that may not be there: keys of words.
_UNMENDABLE = {"part": "partial", "demo": "demo", "recording": "recording"}
_UNRUNNABLE = {"recording": "recording-stays"}
_ALONE = {"demo": "demo-alone", "recording": "recording-stays"}


def _unrunnable(screen: SiteScreen) -> str:
    """Why there can be no other run now."""
    if screen.session.running:
        return "still-running"
    return _UNRUNNABLE.get(screen.session.behind.kind, "")


def _unfinished(screen: SiteScreen) -> str:
    one = screen.session
    if one.running:
        return "still-running"
    return "masking" if screen.app.masked and one.masked is None else ""


def _unmendable(screen: SiteScreen) -> str:
    barred = _UNMENDABLE.get(screen.session.behind.kind, "")
    return barred or ("still-running" if screen.session.running else "")


def _incomparable(screen: SiteScreen) -> str:
    if screen.app.masked:
        return "unmasked-alone"
    return "" if screen.session.before or screen.session.changes else "no-other-run"


#: What is in the way of an action, as the key of words; empty where nothing is.
_WHY_NOT: dict[str, Callable[[SiteScreen], str]] = {
    "again": _unrunnable,
    "failed": lambda screen: _unrunnable(screen) or ("" if screen.failed() else "no-failed"),
    "verify": lambda screen: _unrunnable(screen) or ("" if screen.finding else "no-finding"),
    "watch": lambda screen: _UNRUNNABLE.get(screen.session.behind.kind, ""),
    "pause": lambda screen: "" if screen.session.watched else "no-watch",
    "inside": lambda screen: _ALONE.get(screen.session.behind.kind, ""),
    "copy": lambda screen: "" if screen.steps() else "no-fix",
    "diff": lambda screen: "" if screen.diffs() else "no-diff",
    "copy-report": _unfinished,
    "export": _unfinished,
    "apply": lambda screen: _unmendable(screen) or ("" if screen.finding else "no-finding"),
    "undo": _unmendable,
    "skipped": _unfinished,
    "compare": lambda screen: _unfinished(screen) or _incomparable(screen),
    "causes": lambda screen: "" if screen.session.report.findings else "no-finding",
}  # fmt: skip
