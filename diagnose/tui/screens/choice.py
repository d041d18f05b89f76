"""A dialog to choose one item of a list; Esc and q cancel."""

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from diagnose.tui.keys import closing_bindings
from diagnose.tui.widgets.findings import ViOptionList


class ChoiceDialog(Screen[str | None]):
    BINDINGS = closing_bindings("dismiss(None)")

    def __init__(self, heading: str, choices: tuple[tuple[str, str], ...]) -> None:
        """Each of the `choices` is its result and its line, which may be coloured."""
        super().__init__()
        self._heading, self._choices = heading, choices

    def compose(self) -> ComposeResult:
        yield Static(self._heading, classes="told", markup=False)
        yield ViOptionList(
            *(Option(Text.from_ansi(label), id=key) for key, label in self._choices), id="choices"
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)
