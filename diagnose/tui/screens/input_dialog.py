"""One line to type; Esc types nothing."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from diagnose.parsers.target import UsageError


class Prompt(Screen[str | None]):
    """Ends with what `read` makes of the line; what it cannot read is said, and asked for again."""

    BINDINGS = [("escape", "dismiss(None)", "")]

    def __init__(self, told: str, asked: str, read: Callable[[str], str]) -> None:
        super().__init__()
        self._told, self._asked, self._read = told, asked, read

    def compose(self) -> ComposeResult:
        yield Static(self._told, classes="told", markup=False)
        yield Input(placeholder=self._asked, id="line")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            try:
                self.dismiss(self._read(event.value.strip()))
            except UsageError as error:
                self.notify(str(error), severity="error", markup=False)
