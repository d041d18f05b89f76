"""The screen without a target: this server's sites, earlier targets, and an input line. With
several targets, their list."""

from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from diagnose.checking.verdicts import verdict
from diagnose.i18n import reports
from diagnose.i18n.screen import translate
from diagnose.model.view import View
from diagnose.outputs import text as texts
from diagnose.outputs.progress import longest_first, wait_text
from diagnose.outputs.terminal import cell_len, sanitize
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.parsers.target import UsageError
from diagnose.tui import tab_text
from diagnose.tui.keys import START_KEYS, bindings
from diagnose.tui.screens.base import BaseScreen
from diagnose.tui.screens.site import WIDE
from diagnose.tui.session import Session
from diagnose.tui.widgets.bars import KeyBar
from diagnose.tui.widgets.findings import ViOptionList
from diagnose.tui.widgets.text_view import StaticLines

#: Headings of lists whose first line is the most likely choice.
LIST_FIRST_KEYS = frozenset({"targets", "sites"})
#: The heading, the field and the key bar.
_ROWS_AROUND = 5


class StartScreen(BaseScreen):
    KEYS = START_KEYS
    BINDINGS = [*bindings(START_KEYS), ("down", "list", "")]

    def __init__(self, asks: bool = False) -> None:
        """`asks` is True if somebody wants to enter a target, and not to choose from the list."""
        super().__init__()
        self._asks = asks
        self._lines: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield StaticLines(id="told")
        yield Input(id="input", select_on_focus=False)
        yield ViOptionList(id="choices")
        yield KeyBar(id="keys")

    def focus_first(self) -> None:
        self.query_one("#choices" if self._is_list_first else "#input").focus()

    @property
    def _is_list_first(self) -> bool:
        # Earlier targets alone are no reason to focus the list.
        return not self._asks and self.app.heading_key in LIST_FIRST_KEYS

    def displays_any(self, sessions: list[Session]) -> bool:
        return True

    def draw(self) -> None:
        view = replace(self.app.view, width=max(self.size.width - 4, 20), color=True)
        self.query_one("#told", StaticLines).show(translate(self.app.heading_key, view.lang))
        self.query_one("#input", Input).placeholder = translate("asked-target", view.lang)
        self.query_one(KeyBar).show(self.keys, self.obstacle_key, self.size.width, view.lang)
        lines = self._list_lines(view)
        if lines == self._lines:
            return
        choices, is_first_draw = self.query_one(ViOptionList), not self._lines
        highlighted = choices.highlighted
        self._lines = lines
        choices.clear_options()
        choices.add_options([Option(Text.from_ansi(line)) for line in lines])
        choices.highlighted = highlighted if highlighted is not None else (0 if lines else None)
        if is_first_draw and self._is_list_first and not self.query_one("#input", Input).value:
            choices.focus()

    def _list_lines(self, view: View) -> tuple[str, ...]:
        """Return the lines of each target: its problem as a whole if all of them fit."""
        room = self.size.height - _ROWS_AROUND
        for is_whole in (True, False):
            lines = tuple(
                self._session_lines(session, view, is_whole) for session in self.app.sessions
            )
            if sum(line.count("\n") + 1 for line in lines) <= room:
                break
        return lines

    def _session_lines(self, session: Session, view: View, is_whole: bool) -> str:
        """Return a target's status and its problem, and its layers if there is room."""
        report, session_view = self.app.visible_report(session)
        page, url = tab_text.new_page(view), sanitize(report.evidence.target.url)
        if not session.started:
            page.add("  ", ("bold", url))
            page.add("  ", *self._history_spans(session, view))
            return "\n".join(page.lines)
        if session.running:
            session_text = tab_text.truncate(
                self._activity(session, view.lang), view.width - cell_len(url) - 4, view.ascii
            )
            page.add(("dim", "  "), ("bold", url), "  ", ("dim", session_text))
        else:
            status = verdict(report).status
            sign = f"{page.sign(status)} {reports.translate(status, view.lang)}"
            page.add((status, sign), "  ", ("bold", url))
            if status != "ok":
                sentence = verdict_sentence(report, session_view.lang)
                if is_whole:
                    page.prose(sentence, "", 2)
                else:
                    page.add("  ", tab_text.truncate(sentence, view.width - 2, view.ascii))
        if self.size.width >= WIDE:
            texts.add_layers(page, report, view, times=False)
        return "\n".join(page.lines)

    def _activity(self, session: Session, lang: str) -> str:
        """Return what a running session waits for."""
        waits = () if self.app.masked else session.run_state.waits
        if not waits:
            return translate("running", lang)
        return wait_text(longest_first(waits)[0], lang)

    def _history_spans(self, session: Session, view: View) -> list[tuple[str, str]]:
        if session.history_summary is None:
            return [("dim", translate("earlier", view.lang))]
        page, history = tab_text.new_page(view), session.history_summary
        when = session.history_summary.moment.astimezone().strftime("%Y-%m-%d %H:%M")
        label = reports.translate(history.status, view.lang)
        signs = [(status, page.sign(status)) for status in history.recent_statuses]
        return [("dim", translate("last", view.lang, when=when)), ("", "  "),
                (history.status, label), ("", "  "), *signs]  # fmt: skip

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.app.open(self.app.sessions[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            return
        try:
            target = self.app.services.parse_target(event.value.strip())
        except UsageError as error:
            self.notify(self.app.usage_text(error), severity="error", markup=False)
            return
        event.input.value = ""
        self.app.open(self.app.session_of(target))

    # Keys

    def action_list(self) -> None:
        """From the field to the list below it."""
        self.query_one("#choices").focus()

    def obstacle_key(self, name: str) -> str:
        if name in {"open", "again"} and not self.app.sessions:
            return "nothing-yet"
        recorded = self.app.services.kind == "recording"
        return "recording-stays" if name == "again" and recorded else ""

    def perform(self, name: str) -> None:
        if name == "again":
            for session in self.app.sessions:
                if session.started:
                    session.start()
        elif name == "open":
            self.query_one(ViOptionList).action_select()
        elif len(self.app.screen_stack) > 1:
            self.dismiss()
