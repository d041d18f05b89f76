"""The list of findings: causes, and under each what follows from it."""

from dataclasses import replace

from rich.text import Text
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from diagnose.model import Finding
from diagnose.model.view import View
from diagnose.tui import tab_text


class Choices(OptionList):
    """A list: also with the keys of vi."""

    BINDINGS = [("j", "cursor_down", ""), ("k", "cursor_up", ""), ("g", "first", ""),
                ("G", "last", "")]  # fmt: skip


class Findings(Choices):
    class Chosen(Message):
        """Another finding is the chosen one."""

    def __init__(self) -> None:
        super().__init__(id="list")
        self._shown: tuple[Finding, ...] = ()
        self._chosen: str | None = None
        self._drawn: object = None

    def show(self, found: list[tuple[Finding, int]], view: View, tall: bool) -> None:
        """`tall`: in a narrow column, where a finding has several lines."""
        self._shown = tuple(one for one, _ in found)
        drawn = (view, tall, tuple((id(one), depth) for one, depth in found))
        if drawn == self._drawn:
            return
        self._drawn, wanted = drawn, self._chosen
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            lines = (tab_text.listed(one, depth, view, tall) for one, depth in found)
            self.add_options([Option(Text.from_ansi(line)) for line in lines])
            self.display = bool(found)
            if found:
                ids = [one.id for one in self._shown]
                self.highlighted = ids.index(wanted) if wanted in ids else 0

    @property
    def finding(self) -> Finding | None:
        """The one that is chosen; else the first."""
        chosen = [one for one in self._shown if one.id == self._chosen]
        return next(iter([*chosen, *self._shown]), None)

    def choose(self, finding_id: str) -> None:
        ids = [one.id for one in self._shown]
        if finding_id in ids:
            self.highlighted = ids.index(finding_id)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._shown):
            new = self._shown[event.option_index].id
            if new != self._chosen:
                self._chosen = new
                self.post_message(self.Chosen())


def words(found: Finding, view: View) -> str:
    """What a filter looks for in a finding."""
    line = Text.from_ansi(tab_text.listed(found, 0, replace(view, width=400))).plain
    return " ".join(line.lower().split())
