"""A dialog with a text to read or select, without borders: copied text, keys, observations."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from diagnose.tui.keys import closing_bindings
from diagnose.tui.widgets.text_view import TextView


class TextDialog(Screen[None]):
    """Shows a text under a heading. Esc and q close it."""

    BINDINGS = closing_bindings("dismiss")

    def __init__(self, heading: str, text: str, at_edge: bool = False) -> None:
        """With `at_edge`, the text begins in the first column: what a terminal's own mouse selects
        there has no blank in front, which would break a here-document."""
        super().__init__(classes="-at-edge" if at_edge else "")
        self._heading, self.text = heading, text

    def compose(self) -> ComposeResult:
        yield Static(self._heading, classes="told", markup=False)
        yield TextView("sheet")

    def on_mount(self) -> None:
        self.query_one(TextView).show(self.text)
