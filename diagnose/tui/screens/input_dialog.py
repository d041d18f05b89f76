"""A dialog with one input line; Esc cancels."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from diagnose.parsers.target import UsageError


class InputDialog(Screen[str | None]):
    """The result is what `parse` returns. If it raises UsageError, the error is shown and the
    dialog stays open."""

    BINDINGS = [("escape", "dismiss(None)", "")]

    def __init__(self, heading: str, placeholder: str, parse: Callable[[str], str]) -> None:
        super().__init__()
        self._heading, self._placeholder, self._parse = heading, placeholder, parse

    def compose(self) -> ComposeResult:
        yield Static(self._heading, classes="told", markup=False)
        yield Input(placeholder=self._placeholder, id="line")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            try:
                self.dismiss(self._parse(event.value.strip()))
            except UsageError as error:
                self.notify(str(error), severity="error", markup=False)
