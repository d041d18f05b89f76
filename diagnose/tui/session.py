"""A target under the screen's eye: the run under way, the one before, and what is to be watched."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from diagnose.events import Sink
from diagnose.fix import Talk
from diagnose.frozen import frozen
from diagnose.model import Report, Target
from diagnose.outputs import View
from diagnose.reasoning import verdict
from diagnose.tui.live import Live
from diagnose.tui.work import Work

#: A strip of history shows so many runs.
MOST = 40


@frozen
class Doors:
    """What the screen may start: a run; a fix of a target or the undoing of the last one, None
    where what is shown is a recording; how it reads a target; and how it masks a report."""

    run: Callable[[Target, Sink], Coroutine[Any, Any, Report]]
    fix: Callable[[Target, Talk, bool], Coroutine[Any, Any, int]] | None
    read: Callable[[str], Target]
    mask: Callable[[Report, View], tuple[Report, View]]
    keep: Callable[[Report], None]
    changes: Callable[[Report, str], tuple[str, ...]]


class Session:
    def __init__(self, target: Target, doors: Doors) -> None:
        self.target, self.doors = target, doors
        self.live = Live(target)
        self.past: list[str] = []
        self.news: tuple[str, ...] = ()
        self.watched = False
        self._work: Work | None = None

    def begin(self) -> "Session":
        """Look, once more if need be; one that is under way is not disturbed."""
        if not self.running:
            self.live = Live(self.target)
            self._work = Work(partial(self.doors.run, self.target)).start()
        return self

    @property
    def running(self) -> bool:
        work = self._work
        return work is not None and self.live.concluded is None and work.error is None

    @property
    def begun(self) -> bool:
        return self._work is not None

    @property
    def report(self) -> Report:
        return self.live.report

    def drain(self, lang: str) -> bool:
        """Take what has happened; whether anything has."""
        happened, work = False, self._work
        while work is not None and not work.events.empty():
            happened = True
            self.live.take(work.events.get())
            if self.live.concluded is not None:
                self._concluded(self.live.concluded, lang)
                break
        return happened

    def _concluded(self, report: Report, lang: str) -> None:
        status = verdict(report).status
        self.past = [*self.past, status][-MOST:]
        self.news = () if status == "ok" else self.doors.changes(report, lang)
        self.doors.keep(report)

    def stop(self, seconds: float = 1.0) -> None:
        """End the run, and take what it says in the end."""
        if self._work is not None and self.running:
            self._work.stop()
            self._work.join(seconds)
            self.drain("en")
