"""A text without borders, to be selected or read: what was copied, the keys, what was seen."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from diagnose.tui.widgets.text_view import Reading


class Sheet(Screen[None]):
    """`told` stands above it. Esc goes back."""

    BINDINGS = [("escape", "dismiss", "")]

    def __init__(self, told: str, text: str) -> None:
        super().__init__()
        self._told, self.text = told, text

    def compose(self) -> ComposeResult:
        yield Static(self._told, classes="told", markup=False)
        yield Reading("sheet")

    def on_mount(self) -> None:
        self.query_one(Reading).show(self.text)
