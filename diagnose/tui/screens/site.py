"""One target: the verdict and the layers above, the causes, and what is asked of one of them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Input, OptionList

from diagnose.i18n import reports
from diagnose.model import Finding, Report
from diagnose.model.view import View
from diagnose.tui import dialog_text, header_text, tab_text
from diagnose.tui.keys import SITE, bindings
from diagnose.tui.run_state import rows
from diagnose.tui.screens.actions import DOINGS
from diagnose.tui.screens.base import Drawn
from diagnose.tui.session import EVERY, Session
from diagnose.tui.widgets.bars import KeyLine, Tabs
from diagnose.tui.widgets.findings import Findings, words
from diagnose.tui.widgets.layers import Layers
from diagnose.tui.widgets.text_view import Lines, Reading

if TYPE_CHECKING:
    pass

#: From these widths on there are two columns, and three; from that height on, then, the log
#: (app.tcss has the same numbers).
WIDE, XWIDE, TALL = 100, 140, 34
#: The widths of the findings, beside one column and beside two, and of the layers. What is left is
#: for the text, whose commands shall not be folded.
FOUND, FOUND_XWIDE, LAYERS = 30, 34, 26


class SiteScreen(Drawn):
    KEYS = SITE
    BINDINGS = [
        *bindings(SITE),
        *((str(number), f"tab('{name}')", "") for number, name in enumerate(tab_text.TABS, 1)),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.tab = "why"
        self.causes_only = self.failures_only = False
        self._filter = ""

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

    def arrive(self) -> None:
        self.findings.focus()

    def shows(self, sessions: list[Session]) -> bool:
        return self.session in sessions

    def tell(self, key: str, **facts: object) -> None:
        self.notify(self.say(key, **facts), markup=False)

    @property
    def findings(self) -> Findings:
        return self.query_one(Findings)

    @property
    def finding(self) -> Finding | None:
        return self.findings.finding

    @property
    def shown(self) -> Report:
        """The report as it may be seen."""
        return self.app.shown(self.session)[0]

    # What is shown

    def draw(self) -> None:
        report, view = self.app.shown(self.session)
        width, running = self.size.width, self.session.running
        whole = replace(view, width=max(width - 2, 20), color=True)
        self._line("#title", header_text.title(report.evidence.target.url, self._marks(), whole))
        self._line("#head", tab_text.head(report, whole, running))
        self._line("#strip", tab_text.strip(report, whole))
        self._line("#news", "" if width >= WIDE else "\n".join(self._news(whole)))
        self._list(report, whole)
        if width >= WIDE:
            self.query_one("#side", Reading).show(self._along(report, whole))
        if width >= XWIDE:
            self.query_one(Layers).show(report, replace(whole, width=LAYERS - 4))
            if self.size.height >= TALL:
                self._log(report, whole)
        self.draw_text()

    def draw_text(self) -> None:
        """The text of the chosen tab about the chosen finding, and what can be done with it."""
        report, view = self.app.shown(self.session)
        room = self.room()
        self.query_one(Tabs).show(self.tab, room - 3, view.lang)
        inner = replace(view, width=max(room - 4, 20), color=True)
        text = tab_text.text(self.tab, report, self.finding, inner, self.session.running)
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
        only = ", ".join(reports.say(f"layer.{name}", lang) for name in one.asked.only)
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
        told = header_text.news(self.session.changes, view)
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
        made = tab_text.page(view)
        made.add(("bold", self.say("timeline")))
        tab_text.by_layer(made, report, view)
        for number, line in enumerate(self._news(replace(view, width=400))):
            if number == 0:
                made.blank()
            made.prose(line, "- " if number else "", 0, "" if number else "bold")
        if len(self.session.past) > 1:
            made.blank()
            made.add(("bold", self.say("history")))
            header_text.past(made, self.session.past, self.session.waits, view.lang)
        return made.text()

    def _log(self, report: Report, view: View) -> None:
        log = self.query_one("#log", Reading)
        log.border_title = self.say("log-failed" if self.failures_only else "log")
        narrow = replace(view, width=view.width - 3)
        log.show(header_text.log(report, narrow, self._filter, self.failures_only), end=True)

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
        name = reports.say(f"layer.{layer}", self.app.view.lang)
        text = dialog_text.seen_of(self.shown, layer, self.app.plain())
        self.app.sheet(self.say("seen-of", layer=name), text)

    # What the keys do

    def why_not(self, name: str) -> str:
        return DOINGS[name].why_not(self) if name in DOINGS else ""

    def do(self, name: str) -> None:
        DOINGS[name].do(self)

    def ask_filter(self) -> None:
        asked = self.query_one("#filter", Input)
        asked.placeholder = self.say("filter-what")
        asked.add_class("-shown")
        asked.focus()

    def go_back(self) -> None:
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
