"""Where no target was given: this server's own sites, those looked at before, and a line to type
one into. With several targets: their list, side by side."""

from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from diagnose.outputs import said
from diagnose.outputs.terminal import Page, cells
from diagnose.reasoning import verdict
from diagnose.targets import UsageError
from diagnose.tui.screens.site import Findings
from diagnose.tui.session import Session
from diagnose.tui.words import say

if TYPE_CHECKING:
    from diagnose.tui.app import DiagnoseApp


class StartScreen(Screen[None]):
    app: "DiagnoseApp"

    def __init__(self, sessions: list[Session]) -> None:
        super().__init__()
        self.sessions = sessions
        self._lines: tuple[str, ...] = ()
        self.ready = False  # all widgets are there

    def compose(self) -> ComposeResult:
        yield Input(placeholder=say("asked-target", self.app.view.lang), id="input")
        yield Static("", id="told", markup=False)
        yield Findings(id="choices")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.ready = True
        self.query_one("#input" if not self.sessions else "#choices").focus()
        self.draw()

    def on_screen_resume(self) -> None:
        if self.ready:
            self.draw()

    def happened(self, where: list[Session]) -> None:
        """Something has in these sessions."""
        if self.ready:
            self.draw()

    def draw(self) -> None:
        lang = self.app.view.lang
        told = "sites" if self.sessions else "no-sites"
        self.query_one("#told", Static).update(say(told, lang) if self.app.found else "")
        lines = tuple(self._line(one) for one in self.sessions)
        if lines == self._lines:
            return
        self._lines = lines
        listed = self.query_one("#choices", OptionList)
        at = listed.highlighted
        listed.clear_options()
        listed.add_options([Option(Text.from_ansi(line)) for line in lines])
        listed.highlighted = at if at is not None else (0 if lines else None)

    def _line(self, one: Session) -> str:
        view = self.app.view
        page = Page(200, True, view.ascii)
        report, seen_by = self.app.shown(one)
        if not one.begun:
            page.add(("dim", "  "), one.target.url, "  ", ("dim", say("earlier", view.lang)))
        elif one.running:
            page.add(
                ("dim", "  "), report.evidence.target.url, "  ", ("dim", say("running", view.lang))
            )
        else:
            status = verdict(report).status
            url = report.evidence.target.url
            room = max(self.app.size.width - cells(url) - 8, 10)
            sentence = said.sentence(report, seen_by.lang) if status != "ok" else ""
            page.add(
                (status, page.sign(status)), " ", ("bold", url), "  ", ("dim", sentence[:room])
            )
        return page.lines[0]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.app.open(self.sessions[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            return
        try:
            target = self.app.doors.read(event.value.strip())
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        session = Session(target, self.app.doors).begin()
        self.sessions.insert(0, session)
        self.draw()
        self.app.open(session)
