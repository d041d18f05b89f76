"""A fix, or its undoing, as it goes on: its words, and the question that it asks."""

import queue
from typing import Any

from textual.app import ComposeResult
from textual.widgets import Static

from diagnose.i18n.screen import say
from diagnose.processes.worker import Job, Over, Question
from diagnose.tui.messages import Said
from diagnose.tui.screens.text_dialog import Sheet
from diagnose.tui.widgets.text_view import Reading


class Mending(Sheet):
    """y or n answers. It can be left when it is over."""

    BINDINGS = [("y", "answer(True)", ""), ("n", "answer(False)", ""), ("escape", "leave", "")]

    def __init__(self, told: str, lang: str) -> None:
        super().__init__(told, "")
        self._lang = lang
        self._asks = ""
        self._job: Job | None = None
        self.told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.done = False

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static(say("at-work", self._lang), id="ask", markup=False)

    def works(self, job: Job) -> None:
        """This is the fix that is shown."""
        self._job = job

    def drain(self) -> None:
        """Show what has been told."""
        while self.is_mounted and not self.told.empty():
            match self.told.get():
                case Said(text):
                    self.text += text
                case Question(text):
                    self._asks = text
                case Over(error):
                    self.done = True
                    self.text += f"{error}\n" if error else ""
            self._show()

    def _show(self) -> None:
        self.query_one(Reading).show(self.text, end=True)
        said = (
            f"{self._asks}  {say('asks', self._lang)}" if self._asks else say("at-work", self._lang)
        )
        self.query_one("#ask", Static).update(say("fix-over", self._lang) if self.done else said)

    def action_answer(self, yes: bool) -> None:
        if self._asks and self._job is not None:
            self._asks = ""
            self._show()
            self._job.answer(yes)

    def action_leave(self) -> None:
        if self._asks:
            self.action_answer(False)
        elif self.done:
            self.dismiss()
