"""Scrollable text, and static lines. Both show coloured text laid out for their width."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static


class StaticLines(Static):
    """A widget as high as the lines of its text. The height is set explicitly, because after a
    change of text Textual may keep the old one."""

    _shown_text: str | None = None

    def show(self, text: str) -> None:
        """Show a text. The same text, and one of as many lines, need no new layout of the screen:
        that would send all of it again, over SSH too."""
        text = text.rstrip("\n")
        if text == self._shown_text:
            return
        before, self._shown_text = self._shown_text or "", text
        is_as_high = bool(before and text) and before.count("\n") == text.count("\n")
        self.display = bool(text)
        self.update(Text.from_ansi(text), layout=not is_as_high)
        self.styles.height = text.count("\n") + 1


class TextView(VerticalScroll, can_focus=True):
    """A text with a scroll bar; it also accepts vi keys."""

    BINDINGS = [("j", "scroll_down", ""), ("k", "scroll_up", ""), ("g", "scroll_home", ""),
                ("G", "scroll_end", "")]  # fmt: skip

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._lines = Static("", classes="text", markup=False)
        self._text = ""

    def compose(self) -> ComposeResult:
        yield self._lines

    def show(self, text: str, end: bool = False) -> None:
        """Show a text. With `end`, scroll to the new end, unless the user has scrolled up."""
        if text != self._text:
            follow_end = end and self.is_vertical_scroll_end
            self._text = text
            self._lines.update(Text.from_ansi(text.rstrip("\n")))
            if follow_end:
                # Not immediately: the added text has no height yet.
                self.call_after_refresh(self.scroll_end, animate=False)

    @property
    def text(self) -> str:
        """The shown text without colours."""
        return Text.from_ansi(self._text).plain
