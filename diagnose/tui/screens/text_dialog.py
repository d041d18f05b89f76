"""A dialog with a text to read or select, without borders: copied text, keys, observations."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from diagnose.tui.keys import closing_bindings
from diagnose.tui.widgets.text_view import TextView


class TextDialog(Screen[None]):
    """Shows a text under a heading. Esc and q close it."""

    BINDINGS = closing_bindings("dismiss")

    def __init__(self, heading: str, text: str) -> None:
        super().__init__()
        self._heading, self.text = heading, text

    def compose(self) -> ComposeResult:
        yield Static(self._heading, classes="told", markup=False)
        yield TextView("sheet")

    def on_mount(self) -> None:
        self.query_one(TextView).show(self.text)
