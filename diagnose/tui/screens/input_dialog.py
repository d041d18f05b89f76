"""A dialog with one input line; Esc cancels."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input, Static

from diagnose.parsers.target import UsageError


class InputDialog(Screen[str | None]):
    """The result is what `parse` returns. If it raises UsageError, what `explain` says of it is
    shown and the dialog stays open."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False, id="back")]

    def __init__(
        self,
        heading: str,
        placeholder: str,
        parse: Callable[[str], str],
        explain: Callable[[UsageError], str] = str,
    ) -> None:
        super().__init__()
        self._heading, self._placeholder = heading, placeholder
        self._parse, self._explain = parse, explain

    def compose(self) -> ComposeResult:
        yield Static(self._heading, classes="told", markup=False)
        yield Input(placeholder=self._placeholder, id="line")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            try:
                self.dismiss(self._parse(event.value.strip()))
            except UsageError as error:
                self.notify(self._explain(error), severity="error", markup=False)
