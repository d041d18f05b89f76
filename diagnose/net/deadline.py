"""Deadlines that count only the time in which this program itself was attentive.

A timer of asyncio fires when its time has passed, even if the event loop was late and has not yet
read what arrived. The peer would be blamed for our own lateness: with 1,600 targets at once,
handshakes that were answered long ago seemed to be stalled. Here a deadline that fires is extended
by the time that the loop was late, and by the time that the run waited for a turn of its own
(`own_wait`). If the loop is late for much longer than the deadline, `LateError` is raised: then
nobody knows whether the peer has answered.

A peer that is silent is known to be silent even by a loop that is always late: the kernel receives
meanwhile, and the loop finds nothing to read in the end. So the time of one wait for one step of
the peer (`peer_wait`) counts in full, except for gaps that are longer than `MAX_GAP`: the whole
machine may have stood still in them.

The lateness is measured by a timer that should fire every `BEAT` seconds. It runs only while a
deadline is open.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

#: Seconds between two measurements of the lateness, and how late an idle loop is as well.
BEAT, TOLERANCE = 0.05, 0.01

#: Seconds. In a longer gap between two turns of the loop perhaps nothing was received: a virtual
#: machine may have been paused.
MAX_GAP = 1.0

#: A peer is silent if this many checks in a row say so: what arrived before the first of them is
#: received in the next turn of the loop, and its task continues in the one after.
SILENT_CHECKS = 3

#: A deadline is extended to this multiple of itself, and this many seconds, for lateness.
MAX_STRETCH, MAX_EXTRA = 4.0, 2.0

#: Seconds by which a run that is alone in its process may end late.
MAX_RUN_LATE = 0.3


class LateError(Exception):
    """The time is over, and this program was too late to know what arrived meanwhile.

    It is no OSError: what handles the failures of a peer must not take it for one of them.
    """

    def __init__(self) -> None:
        super().__init__("this program was too busy to wait for the answer")


class LoopLateness:
    """How late an event loop is. `seconds` is the sum since the first measurement; `gap_seconds` is
    that part of it by which single measurements were more than `MAX_GAP` late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sum = self.gap_sum = 0.0
        self._users = 0
        self._next_beat = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def seconds(self) -> float:
        """The lateness so far, with that of the measurement which is due."""
        overdue = self._overdue()
        return self._sum + (overdue if overdue > TOLERANCE else 0.0)

    @property
    def gap_seconds(self) -> float:
        return self.gap_sum + max(self._overdue() - MAX_GAP, 0.0)

    def start(self) -> None:
        """Measure until `stop` was called as often as this."""
        self._users += 1
        if self._timer is None:
            self._schedule()

    def stop(self) -> None:
        self._users -= 1
        if self._users == 0 and self._timer is not None:
            self._sum, self.gap_sum = self.seconds, self.gap_seconds
            self._timer.cancel()
            self._timer = None

    def _overdue(self) -> float:
        return self._loop.time() - self._next_beat if self._timer is not None else 0.0

    def _schedule(self) -> None:
        self._next_beat = self._loop.time() + BEAT
        self._timer = self._loop.call_at(self._next_beat, self._beat)

    def _beat(self) -> None:
        self._sum, self.gap_sum = self.seconds, self.gap_seconds
        self._schedule()


_lateness: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopLateness] = WeakKeyDictionary()
#: Whether many runs share this process and its event loop, so that one is late through the others.
shares_loop: ContextVar[bool] = ContextVar("shares_loop", default=False)
#: The deadlines that enclose what runs now, the innermost first.
_enclosing: ContextVar["Deadline | None"] = ContextVar("enclosing", default=None)


def loop_lateness() -> LoopLateness:
    """Return the measurement of the running event loop."""
    loop = asyncio.get_running_loop()
    lateness = _lateness.get(loop)
    if lateness is None:
        lateness = _lateness[loop] = LoopLateness(loop)
    return lateness


@contextlib.contextmanager
def own_wait() -> Iterator[None]:
    """Stop all enclosing deadlines during the block: it waits for a turn, not for a peer."""
    deadlines = []
    deadline = _enclosing.get()
    while deadline is not None:
        deadlines.append(deadline)
        deadline = deadline.outer
    for deadline in deadlines:
        deadline.pause()
    try:
        yield
    finally:
        for deadline in deadlines:
            deadline.resume()


class peer_wait:
    """Tell all enclosing deadlines that the block waits for one step of a peer, which the kernel
    notices without us: that bytes arrive or leave, or that a connection opens. The block does
    nothing else. It is a class, as each read has one, and a generator takes four times as long."""

    __slots__ = ("_innermost",)

    def __enter__(self) -> None:
        deadline = self._innermost = _enclosing.get()
        while deadline is not None:
            deadline.count_peer_wait(1)
            deadline = deadline.outer

    def __exit__(self, *_: object) -> None:
        deadline = self._innermost
        while deadline is not None:
            deadline.count_peer_wait(-1)
            deadline = deadline.outer


class Deadline:
    """Like `asyncio.timeout`, but for the time in which this program was attentive. At the end it
    raises TimeoutError, or `LateError`. `seconds` may be None: no deadline. `max_late_s` is for
    what a person waits for, a run: it ends then, however late this program was.

    A deadline that ends no earlier than the one around it, in the same task, sets no timer: the
    other one ends the block. Two of three are such, as each part of an exchange has its own."""

    __slots__ = (
        "_cancellations", "_gaps_before", "_is_idle", "_is_late", "_is_over", "_late_s",
        "_lateness", "_lateness_before", "_loop", "_max_late_s", "_paused_at", "_paused_s",
        "_pauses", "_peer_waits", "_seconds", "_silent_checks", "_silent_since", "_started",
        "_task", "_timer", "_token", "outer",
    )  # fmt: skip

    def __init__(self, seconds: float | None, max_late_s: float | None = None) -> None:
        self._seconds, self._max_late_s = seconds, max_late_s
        self._timer: asyncio.TimerHandle | None = None
        self._pauses, self._paused_at, self._paused_s = 0, 0.0, 0.0
        self._peer_waits, self._silent_since, self._gaps_before = 0, 0.0, 0.0
        self._silent_checks = 0
        self._late_s = 0.0
        self._is_late = self._is_over = False
        self.outer: Deadline | None = None

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a deadline belongs to a task"
        outer = _enclosing.get()
        self._is_idle = outer is not None and outer.ends_before(self._seconds, task)
        if self._is_idle:
            return self
        self._task, self._cancellations = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._lateness = loop_lateness()
        self._lateness.start()
        self._lateness_before = self._lateness.seconds
        self._started = self._loop.time()
        self.outer = outer
        self._token = _enclosing.set(self)
        if self._seconds is not None:
            self._timer = self._loop.call_later(max(self._seconds, 0.0), self._check)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_idle:
            return
        _enclosing.reset(self._token)
        self._lateness.stop()
        if self._timer is not None:
            self._timer.cancel()
        # As asyncio.timeout does: a cancellation by somebody else goes on.
        if self._is_over and self._task.uncancel() <= self._cancellations:
            if kind is asyncio.CancelledError and self._is_late:
                raise LateError from None
            if kind is asyncio.CancelledError:
                raise TimeoutError from error

    def ends_before(self, seconds: float | None, task: "asyncio.Task[Any]") -> bool:
        """Whether this deadline of the same task ends at the latest in so many seconds."""
        if seconds is None:
            return True
        if self._seconds is None or self._task is not task:
            return False
        return self._seconds - (self._loop.time() - self._started - self._paused_s) <= seconds

    def expire(self) -> None:
        """End the block now."""
        self._is_over = True
        self._task.cancel()

    def pause(self) -> None:
        if self._pauses == 0:
            self._paused_at = self._loop.time()
        self._pauses += 1

    def resume(self) -> None:
        self._pauses -= 1
        if self._pauses == 0:
            self._paused_s += self._loop.time() - self._paused_at
            self.count_peer_wait(0)

    def count_peer_wait(self, change: int) -> None:
        """Count a wait for a peer that begins (1) or ends (-1): the silence begins anew."""
        self._peer_waits += change
        self._silent_since, self._gaps_before = self._loop.time(), self._lateness.gap_sum

    def _silence(self) -> float:
        """Return for how many seconds every peer has been silent that the block waits for."""
        if not self._peer_waits:
            return 0.0
        gaps = self._lateness.gap_seconds - self._gaps_before
        return self._loop.time() - self._silent_since - gaps

    def _check(self) -> None:
        """End the block, or continue for the time in which this program was not attentive."""
        assert self._seconds is not None
        waited = self._paused_s
        waited += self._loop.time() - self._paused_at if self._pauses else 0.0
        elapsed = self._loop.time() - self._started - waited
        late = self._lateness.seconds - self._lateness_before
        # What arrived while the loop was late is read in the turns that follow.
        was_late, self._late_s = late > self._late_s, late
        silence = self._silence()
        self._silent_checks = self._silent_checks + 1 if silence >= self._seconds else 0
        self._is_late = (
            elapsed > self._seconds * MAX_STRETCH + MAX_EXTRA and not self._silent_checks
        )
        is_over = self._is_late or self._silent_checks == SILENT_CHECKS
        if self._max_late_s is not None and elapsed > self._seconds + self._max_late_s:
            self._is_late, is_over = False, True
        remaining = self._seconds - max(elapsed - late, silence, 0.0)
        if self._pauses or ((remaining > 0.001 or was_late) and not is_over):
            wait = max(remaining, BEAT)
            if self._max_late_s is not None:
                wait = min(wait, max(self._seconds + self._max_late_s - elapsed, BEAT))
            self._timer = self._loop.call_later(wait, self._check)
        else:
            self.expire()


def deadline(seconds: float | None) -> Deadline:
    """Return a deadline for a block: `async with deadline(4.0): …`."""
    return Deadline(seconds)


def run_deadline(seconds: float) -> Deadline:
    """Return the deadline of a run. A person waits for one that is alone in its process: however
    late the loop was, it ends `MAX_RUN_LATE` seconds after its time at the latest."""
    return Deadline(seconds, None if shares_loop.get() else MAX_RUN_LATE)
