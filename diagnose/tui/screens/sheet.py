"""A text without borders, to be selected or read: what was copied, the keys, a fix's words."""

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static


class Sheet(Screen[None]):
    """`told` stands above it. Esc goes back."""

    BINDINGS = [
        ("escape", "dismiss", ""),
        ("j", "scroll(1)", ""),
        ("k", "scroll(-1)", ""),
    ]

    def __init__(self, told: str, text: str) -> None:
        super().__init__()
        self._told, self._text = told, text

    def compose(self) -> ComposeResult:
        yield Static(self._told, id="told", markup=False)
        with VerticalScroll():
            yield Static(Text.from_ansi(self._text), classes="sheet", id="sheet")

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class Asking(Sheet):
    """A sheet that grows, and now and then asks; y or n answers."""

    BINDINGS = [("y", "answer(True)", ""), ("n", "answer(False)", ""), ("escape", "leave", "")]

    def __init__(self, told: str, asks: str, over: str) -> None:
        super().__init__(told, "")
        self._asks, self._over = asks, over
        self._answer: Callable[[bool], None] | None = None
        self._done = False

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static("", id="ask", markup=False)

    def add(self, text: str) -> None:
        self._text += text
        self.query_one("#sheet", Static).update(Text.from_ansi(self._text))
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def ask(self, question: str, answer: Callable[[bool], None]) -> None:
        self._answer = answer
        self.query_one("#ask", Static).update(f"{question}  {self._asks}")

    def over(self) -> None:
        self._done = True
        self.query_one("#ask", Static).update(self._over)

    def action_answer(self, yes: bool) -> None:
        if answer := self._answer:
            self._answer = None
            self.query_one("#ask", Static).update("")
            answer(yes)

    def action_leave(self) -> None:
        if self._answer:
            self.action_answer(False)
        elif self._done:
            self.dismiss()
