"""The list of findings: causes, each followed by its symptoms."""

from dataclasses import replace

from rich.text import Text
from textual.message import Message
from textual.style import Style
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from diagnose.model import Finding
from diagnose.model.view import View
from diagnose.tui import tab_text


class ViOptionList(OptionList):
    """An option list that also accepts vi keys."""

    BINDINGS = [("j", "cursor_down", ""), ("k", "cursor_up", ""), ("g", "first", ""),
                ("G", "last", "")]  # fmt: skip

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        """Return the style of an option. Textual leaves out `reverse`, and without it sixteen
        colours, and none, do not show which one is chosen."""
        style = super().get_visual_style(*component_classes, partial=partial)
        parts = [self.get_component_styles(name) for name in component_classes]
        return (
            replace(style, reverse=True)
            if any(part.text_style.reverse for part in parts)
            else style
        )


class Findings(ViOptionList):
    class Chosen(Message):
        """Another finding was chosen."""

    def __init__(self) -> None:
        super().__init__(id="list")
        self._findings: tuple[Finding, ...] = ()
        self._chosen_id: str | None = None
        self._content: object = None

    def show(self, rows: list[tuple[Finding, int]], view: View, tall: bool) -> None:
        """Show the findings. With `tall`, the column is narrow and a finding has several lines."""
        self._findings = tuple(finding for finding, _ in rows)
        content = (view, tall, tuple((id(finding), depth) for finding, depth in rows))
        if content == self._content:
            return
        self._content, chosen_id = content, self._chosen_id
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            lines = (tab_text.finding_line(finding, depth, view, tall) for finding, depth in rows)
            self.add_options([Option(Text.from_ansi(line)) for line in lines])
            # A single finding stands in the text already, unless there is a column for the list.
            self.display = len(rows) > 1 or (tall and bool(rows))
            if rows:
                ids = [finding.id for finding in self._findings]
                self.highlighted = ids.index(chosen_id) if chosen_id in ids else 0

    @property
    def finding(self) -> Finding | None:
        """The chosen finding, or else the first."""
        chosen = [finding for finding in self._findings if finding.id == self._chosen_id]
        return next(iter([*chosen, *self._findings]), None)

    def choose(self, finding_id: str) -> None:
        ids = [finding.id for finding in self._findings]
        if finding_id in ids:
            self.highlighted = ids.index(finding_id)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._findings):
            new = self._findings[event.option_index].id
            if new != self._chosen_id:
                self._chosen_id = new
                self.post_message(self.Chosen())


def filter_text(finding: Finding, view: View) -> str:
    """Return the text of a finding that a filter searches."""
    line = Text.from_ansi(tab_text.finding_line(finding, 0, replace(view, width=400))).plain
    return " ".join(line.lower().split())
