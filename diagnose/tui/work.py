"""A run, or a fix, in a thread with an event loop of its own: it does not wait for the screen to
be painted, and typing does not wait for it."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from diagnose.events import Crashed, Event, Sink
from diagnose.model import Crash


class Work:
    """What goes on in its thread. Its events lie in `events`, in their order."""

    def __init__(self, begin: Callable[[Sink], Coroutine[Any, Any, Any]]) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.error: Exception | None = None
        self._begin = begin
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._thread = threading.Thread(target=self._work, daemon=True, name="diagnose-run")

    def start(self) -> "Work":
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Cancel it; it says what is known by then."""
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            assert self._loop is not None, "only what was started is stopped"
            self._loop.call_soon_threadsafe(self._cancel)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _work(self) -> None:
        assert self._loop is not None
        self._task = self._loop.create_task(self._begin(self.events.put))
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as error:  # a door that cannot be opened, say: it is shown
            self.error = error
            self.events.put(Crashed(Crash("run", f"{type(error).__name__}: {error}")))
        finally:
            # Without waiting for threads: a resolver may not answer.
            self._loop.close()
