"""An event loop whose clock stands still until a test, or a wait, moves it."""

import asyncio
import selectors
from typing import Any


class Clock(selectors.DefaultSelector):
    """A selector that does not wait: it moves the clock by the time that it would have waited, in
    steps of at most a second."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += min(timeout or 0.0, 1.0)
        return super().select(0)


class ClockLoop(asyncio.SelectorEventLoop):
    """An event loop with such a clock: it is late only where a test says so, however busy the
    machine is."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now

    def be_late(self, seconds: float) -> None:
        """Let time pass in which nothing else runs."""
        self.clock.now += seconds
