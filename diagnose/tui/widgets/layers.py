"""The layers in the order of a visitor's request; Enter shows all observations of one."""

from rich.text import Text
from textual.widgets.option_list import Option

from diagnose.model import Report
from diagnose.model.view import View
from diagnose.tui import header_text
from diagnose.tui.widgets.findings import ViOptionList


class Layers(ViOptionList):
    def __init__(self) -> None:
        super().__init__(id="layers")
        self._entries: list[tuple[str, str]] = []

    def show(self, report: Report, view: View) -> None:
        entries = header_text.layer_entries(report, view)
        if entries == self._entries:
            return
        if [name for name, _ in entries] == [name for name, _ in self._entries]:
            for (name, text), (_, before) in zip(entries, self._entries, strict=True):
                if text != before:
                    self.replace_option_prompt(name, Text.from_ansi(text))
        else:
            self.clear_options()
            self.add_options([Option(Text.from_ansi(text), id=name) for name, text in entries])
        self._entries = entries
