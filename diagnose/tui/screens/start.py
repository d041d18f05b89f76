"""Where no target was given: this server's own sites, those looked at before, and a line to type
one into. With several targets: their list, side by side."""

from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from diagnose.checking.root_cause import verdict
from diagnose.i18n import reports
from diagnose.i18n.screen import say
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.terminal import safe
from diagnose.parsers.target import UsageError
from diagnose.tui import tab_text
from diagnose.tui.keys import START, bindings
from diagnose.tui.screens.base import Drawn
from diagnose.tui.screens.site import WIDE
from diagnose.tui.session import Session
from diagnose.tui.widgets.bars import KeyLine
from diagnose.tui.widgets.findings import Choices
from diagnose.tui.widgets.text_view import Lines

#: What stands above a list whose first line is what one most likely wants.
CHOSEN_FROM = frozenset({"targets", "sites"})


class StartScreen(Drawn):
    KEYS = START
    BINDINGS = bindings(START)

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Lines(id="told")
        yield Input(id="input", select_on_focus=False)
        yield Choices(id="choices")
        yield KeyLine(id="keys")

    def arrive(self) -> None:
        # What was only looked at before may be known by now, and is no reason to choose from it.
        self.query_one("#choices" if self.app.found in CHOSEN_FROM else "#input").focus()

    def shows(self, sessions: list[Session]) -> bool:
        return True

    def draw(self) -> None:
        view = replace(self.app.view, width=max(self.size.width - 4, 20), color=True)
        self.query_one("#told", Lines).show(say(self.app.found, view.lang))
        self.query_one("#input", Input).placeholder = say("asked-target", view.lang)
        self.query_one(KeyLine).show(START, self.why_not, self.size.width, view.lang)
        lines = tuple(self._line(one, view) for one in self.app.sessions)
        if lines == self._lines:
            return
        listed, fresh = self.query_one(Choices), not self._lines
        at = listed.highlighted
        self._lines = lines
        listed.clear_options()
        listed.add_options([Option(Text.from_ansi(line)) for line in lines])
        listed.highlighted = at if at is not None else (0 if lines else None)
        if fresh and self.app.found in CHOSEN_FROM and not self.query_one("#input", Input).value:
            listed.focus()

    def _line(self, one: Session, view: View) -> str:
        """A target's state, what is wrong with it, and where there is room its layers."""
        report, seen_by = self.app.shown(one)
        made, url = tab_text.page(view), safe(report.evidence.target.url)
        if not one.begun:
            made.add("  ", ("bold", url))
            made.add("  ", *self._earlier(one, view))
            return "\n".join(made.lines)
        if one.running:
            made.add(("dim", "  "), ("bold", url), "  ", ("dim", say("running", view.lang)))
        else:
            status = verdict(report).status
            sign = f"{made.sign(status)} {reports.say(status, view.lang)}"
            made.add((status, sign), "  ", ("bold", url))
            if status != "ok":
                sentence = finding_text.sentence(report, seen_by.lang)
                made.add("  ", tab_text.cut(sentence, view.width - 2, view.ascii))
        if self.size.width >= WIDE:
            texts.layers(made, report, view, times=False)
        return "\n".join(made.lines)

    def _earlier(self, one: Session, view: View) -> list[tuple[str, str]]:
        if one.known is None:
            return [("dim", say("earlier", view.lang))]
        made, known = tab_text.page(view), one.known
        when = one.known.moment.astimezone().strftime("%Y-%m-%d %H:%M")
        word = reports.say(known.status, view.lang)
        signs = [(status, made.sign(status)) for status in known.strip]
        return [("dim", say("last", view.lang, when=when)), ("", "  "),
                (known.status, word), ("", "  "), *signs]  # fmt: skip

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.app.open(self.app.sessions[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            return
        try:
            target = self.app.behind.read(event.value.strip())
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        event.input.value = ""
        self.app.open(self.app.session_of(target))

    # What the keys do

    def why_not(self, name: str) -> str:
        if name in {"open", "again"} and not self.app.sessions:
            return "nothing-yet"
        recorded = self.app.behind.kind == "recording"
        return "recording-stays" if name == "again" and recorded else ""

    def do(self, name: str) -> None:
        if name == "again":
            for one in self.app.sessions:
                if one.begun:
                    one.begin()
        elif name == "open":
            self.query_one(Choices).action_select()
        elif len(self.app.screen_stack) > 2:
            self.dismiss()
