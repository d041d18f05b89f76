"""One target: the verdict and the layers above, the causes below them, and what is asked of one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from diagnose.model import Finding, Report
from diagnose.outputs import View
from diagnose.outputs.terminal import Page
from diagnose.tui import pane
from diagnose.tui.live import rows
from diagnose.tui.session import Session
from diagnose.tui.words import say

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp

#: Seconds between two looks while a target is watched.
EVERY = 10.0

#: From this width on the timeline has a column of its own, of that width (app.tcss).
XWIDE, SIDE = 140, 46


class Findings(OptionList):
    """The list of findings: also with the keys of vi."""

    BINDINGS = [("j", "cursor_down", ""), ("k", "cursor_up", ""), ("g", "first", ""),
                ("G", "last", "")]  # fmt: skip


class Reading(VerticalScroll, can_focus=True):
    """The text of a tab."""

    BINDINGS = [("j", "scroll_down", ""), ("k", "scroll_up", ""), ("g", "scroll_home", ""),
                ("G", "scroll_end", "")]  # fmt: skip


class SiteScreen(Screen[None]):
    app: "DiagnoseApp"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.tab = "why"
        self._chosen: str | None = None
        self._asked = ""
        self._shown: tuple[Finding, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self.ready = False  # all widgets are there

    def compose(self) -> ComposeResult:
        yield Static("", id="head")
        yield Static("", id="strip")
        yield Static("", id="news")
        with Vertical(id="body"):
            with Vertical(id="main"):
                yield Findings(id="list")
                yield Input(id="filter", placeholder=self.say("filter-what"))
                yield Static("", id="tabs")
                with Reading(id="scroll"):
                    yield Static("", id="text")
            with VerticalScroll(id="side"):
                yield Static("", id="along")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.ready = True
        self.query_one(Findings).focus()
        self.draw(True)
        self.set_interval(EVERY, self._look_again)

    def on_resize(self) -> None:
        if self.ready:
            self.draw(True)

    def on_screen_resume(self) -> None:
        if self.ready:
            self.draw(True)

    def say(self, key: str, **facts: object) -> str:
        return say(key, self.app.view.lang, **facts)

    # What is shown

    def happened(self, where: list[Session]) -> None:
        """Something has in these sessions."""
        if self.session in where and self.ready:
            self.draw(True)

    def _look_again(self) -> None:
        if self.session.watched:
            self.session.begin()

    def draw(self, whole: bool = False) -> None:
        """Everything anew, or the text alone."""
        report, view = self.app.shown(self.session)
        wide = replace(view, width=max(self.size.width - 2, 20), color=True)
        running = self.session.running
        if whole:
            self._put("#head", pane.head(report, wide, running), whole=True)
            self._put("#strip", pane.strip(report, wide), whole=True)
            self._list(report, wide)
            news = [self.say("changed"), *self.session.news] if self.session.news else []
            self._put("#news", "\n".join(news), whole=True)
            self.query_one("#news").display = bool(news)
        self._put("#tabs", self._tabs())
        inner = replace(wide, width=max(self._room() - 4, 20))
        self._put("#text", pane.text(self.tab, report, self.finding, inner, running))
        if self.size.width >= XWIDE:
            self._put("#along", self._along(report, view))

    def _room(self) -> int:
        """The width of the column with the list and the text. Not asked of the widgets: after a
        change of the terminal's size they have not been laid out anew yet."""
        return self.size.width - (SIDE if self.size.width >= XWIDE else 0)

    def _put(self, where: str, text: str, whole: bool = False) -> None:
        """`whole`: as high as the text has lines. Left to itself a widget whose text has just
        changed may keep the height of the one before."""
        text = text.rstrip("\n")
        widget = self.query_one(where, Static)
        widget.update(Text.from_ansi(text))
        if whole:
            widget.styles.height = text.count("\n") + 1

    def _tabs(self) -> str:
        page = Page(200, True, self.app.view.ascii)
        parts = []
        for number, name in enumerate(pane.TABS, 1):
            words = f"{number} {self.say(name)}"
            parts.append(("command", f"[{words}]") if name == self.tab else ("dim", f" {words} "))
        page.add(*parts)
        return page.lines[0]

    def _along(self, report: Report, view: View) -> str:
        page = Page(SIDE - 6, True, view.ascii)
        page.add(("bold", self.say("timeline")))
        pane.waterfall(page, report, replace(view, width=SIDE - 6))
        if self.session.past:
            page.blank()
            page.add(("bold", self.say("history")))
            page.add(*((one, page.sign(one)) for one in self.session.past))
        return page.text()

    def _list(self, report: Report, view: View) -> None:
        listed = self.query_one(Findings)
        wanted = self._chosen
        narrow = replace(view, width=max(self._room() - 4, 20))
        found = [row for row in rows(report) if self._asked in _words(row[0], view)]
        self._shown = tuple(one for one, _ in found)
        drawn = (narrow, tuple((one.id, depth) for one, depth in found), id(report))
        if drawn == self._drawn:
            return
        self._drawn = drawn
        listed.clear_options()
        listed.add_options(
            [Option(Text.from_ansi(pane.listed(one, depth, narrow))) for one, depth in found]
        )
        listed.display = bool(found)
        if found:
            ids = [one.id for one in self._shown]
            listed.highlighted = ids.index(wanted) if wanted in ids else 0

    @property
    def finding(self) -> Finding | None:
        """The one that is chosen; else the first."""
        chosen = [one for one in self._shown if one.id == self._chosen]
        return next(iter([*chosen, *self._shown]), None)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self._shown):
            new = self._shown[event.option_index].id
            if new != self._chosen:
                self._chosen = new
                self.query_one("#scroll", VerticalScroll).scroll_home(animate=False)
                self.draw()

    def on_option_list_option_selected(self) -> None:
        self.query_one("#scroll").focus()

    # What the keys do

    def action_tab(self, name: str) -> None:
        self.tab = name
        self.query_one("#scroll", VerticalScroll).scroll_home(animate=False)
        self.draw()

    def action_again(self) -> None:
        self.session.begin()
        self.draw(True)

    def action_watch(self) -> None:
        self.session.watched = not self.session.watched
        key = "watching" if self.session.watched else "watch-ends"
        self.notify(self.say(key, seconds=round(EVERY)), markup=False)

    def action_copy(self) -> None:
        steps = pane.steps(self.finding) if self.finding else ""
        if steps:
            self.app.copied(steps)
        else:
            self.notify(self.say("no-fix"), severity="warning", markup=False)

    def action_copy_report(self) -> None:
        self.app.copied(self.app.written("markdown", self.session))

    def action_apply(self) -> None:
        self.app.mend(self.session, undo=False)

    def action_undo(self) -> None:
        self.app.mend(self.session, undo=True)

    def action_export(self) -> None:
        self.app.export(self.session)

    def action_filter(self) -> None:
        asked = self.query_one("#filter", Input)
        asked.add_class("-shown")
        asked.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._asked = event.value.lower()
        self.draw(True)

    def on_input_submitted(self) -> None:
        self.query_one(Findings).focus()

    def action_back(self) -> None:
        """Out of the filter, then out of the text, then to the screen below."""
        asked = self.query_one("#filter", Input)
        if asked.has_class("-shown"):
            asked.value = ""
            asked.remove_class("-shown")
            self.query_one(Findings).focus()
        elif self.focused is not None and self.focused.id == "scroll":
            self.query_one(Findings).focus()
        elif len(self.app.screen_stack) > 2:
            self.dismiss()


def _words(found: Finding, view: View) -> str:
    line = Text.from_ansi(pane.listed(found, 0, replace(view, width=400))).plain
    return " ".join(line.lower().split())
