"""The progress of a fleet: how many are done and fail, how fast, and how long it still takes."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from diagnose.i18n import reports
from diagnose.i18n.fleet import translate

#: Seconds of the past from which the rate is computed; an estimate needs this many of them.
WINDOW, MIN_WINDOW = 60.0, 5.0

#: Seconds between two lines where stderr is no terminal, and between two paintings where it is.
LINE_INTERVAL, PAINT_INTERVAL = 10.0, 0.5

#: The statuses of targets that work.
WORKING = frozenset({"ok", "warning"})


@dataclass(slots=True)
class Progress:
    """Counts. `total` is the number of targets, None while the list is not yet read."""

    total: int | None = None
    done: int = 0
    failing: int = 0
    clock: Callable[[], float] = time.monotonic
    _past: deque[tuple[float, int]] = field(default_factory=deque)

    def count(self, status: str) -> None:
        """Count a finished target by the status of its verdict."""
        self.done += 1
        self.failing += status not in WORKING

    def sample(self) -> None:
        """Remember how many are done now; call it regularly."""
        now = self.clock()
        self._past.append((now, self.done))
        while len(self._past) > 2 and now - self._past[1][0] > WINDOW:
            self._past.popleft()

    @property
    def rate(self) -> float | None:
        """Targets per second in the last minute; None before it can be known."""
        if not self._past:
            return None
        (began, before), (now, done) = self._past[0], self._past[-1]
        return (done - before) / (now - began) if now - began >= MIN_WINDOW else None

    @property
    def seconds_left(self) -> float | None:
        """An estimate by the rate of the last minute; None if there is none."""
        rate = self.rate
        if self.total is None or not rate:
            return None
        return max(self.total - self.done, 0) / rate

    def text(self, lang: str) -> str:
        total = "?" if self.total is None else str(self.total)
        parts = [
            translate("fleet.done", lang, done=self.done, total=total),
            translate("fleet.failing", lang, failing=self.failing),
        ]
        if (rate := self.rate) is not None:
            parts.append(translate("fleet.rate", lang, rate=f"{rate:.1f}"))
        if (remaining := self.seconds_left) is not None:
            parts.append(translate("fleet.left", lang, time=duration_text(remaining)))
        return reports.translate("join.list", lang).join(parts)


def duration_text(seconds: float) -> str:
    """Return a duration as precise as an estimate can be: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 60:
        return f"{max(round(seconds / 5) * 5, 5)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
