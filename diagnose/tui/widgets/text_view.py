"""Text that is scrolled, and lines that are not: what was laid out for their width, in colour."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static


class StaticLines(Static):
    """As high as its text has lines. Left to itself a widget whose text has just changed may keep
    the height of the one before."""

    def show(self, text: str) -> None:
        text = text.rstrip("\n")
        self.display = bool(text)
        self.update(Text.from_ansi(text))
        self.styles.height = text.count("\n") + 1


class TextView(VerticalScroll, can_focus=True):
    """A text with a scroll bar, also with the keys of vi."""

    BINDINGS = [("j", "scroll_down", ""), ("k", "scroll_up", ""), ("g", "scroll_home", ""),
                ("G", "scroll_end", "")]  # fmt: skip

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._lines = Static("", classes="text", markup=False)
        self._text = ""

    def compose(self) -> ComposeResult:
        yield self._lines

    def show(self, text: str, end: bool = False) -> None:
        """`end`: what is new stands at the end, and is seen unless somebody reads further up."""
        if text != self._text:
            follow_end = end and self.is_vertical_scroll_end
            self._text = text
            self._lines.update(Text.from_ansi(text.rstrip("\n")))
            if follow_end:
                # Not at once: what was added has no height yet.
                self.call_after_refresh(self.scroll_end, animate=False)

    @property
    def text(self) -> str:
        """What stands there, without its colours."""
        return Text.from_ansi(self._text).plain
