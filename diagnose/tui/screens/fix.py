"""A dialog that shows a fix or its undo: the output and the questions."""

import queue
from collections.abc import Callable
from typing import Any

from textual.app import ComposeResult
from textual.widgets import Static

from diagnose.processes.worker import Job, JobEnded, Question
from diagnose.tui.keys import closing_bindings
from diagnose.tui.messages import FixOutput
from diagnose.tui.screens.text_dialog import TextDialog
from diagnose.tui.widgets.text_view import TextView


class FixDialog(TextDialog):
    """Answer with y or n; Esc and q are a no. It can be closed only after the fix has ended."""

    BINDINGS = [
        ("y", "answer(True)", ""),
        ("n", "answer(False)", ""),
        *closing_bindings("leave"),
    ]

    def __init__(self, heading: str, say: Callable[[str], str]) -> None:
        """`say` returns a text by its key."""
        super().__init__(heading, "")
        self._say = say
        self._question = ""
        self._job: Job | None = None
        self.messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.done = False

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static(self._say("at-work"), id="ask", markup=False)

    def attach(self, job: Job) -> None:
        """Set the job that is shown."""
        self._job = job

    def drain(self) -> None:
        """Show the received messages."""
        while self.is_mounted and not self.messages.empty():
            match self.messages.get():
                case FixOutput(text):
                    self.text += text
                case Question(text):
                    self._question = text
                case JobEnded(error):
                    self.done = True
                    self.text += f"{error}\n" if error else ""
            self._show()

    def _show(self) -> None:
        self.query_one(TextView).show(self.text, end=True)
        prompt = (
            f"{self._question}  {self._say('asks')}" if self._question else self._say("at-work")
        )
        self.query_one("#ask", Static).update(self._say("fix-over") if self.done else prompt)

    def action_answer(self, yes: bool) -> None:
        if self._question and self._job is not None:
            self._question = ""
            self._show()
            self._job.answer(yes)

    def action_leave(self) -> None:
        if self._question:
            self.action_answer(False)
        elif self.done:
            self.dismiss()
