"""Several runs side by side, to their end or to a signal."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from diagnose.cli.watchdog import Abandoned, Overdue, Watchdog
from diagnose.model import Report
from diagnose.processes.signals import EXIT_SIGINT, EXIT_SIGTERM, SIGNALLED

if TYPE_CHECKING:
    from diagnose.probes import Options


class Stop:
    """SIGINT and SIGTERM: the first cancels the runs, and each says what it knows by then; a
    second one ends the process at once."""

    def __init__(self, watchdog: Watchdog) -> None:
        self.status = 0
        self.watchdog = watchdog

    async def all(self, works: Iterable[Coroutine[Any, Any, Report]]) -> list[Report]:
        """Run side by side, to the end or to the first signal."""
        tasks = [asyncio.ensure_future(work) for work in works]
        # A run catches its cancellation; one that has not begun cannot.
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        for number, status in ((signal.SIGINT, EXIT_SIGINT), (signal.SIGTERM, EXIT_SIGTERM)):
            # Only the main thread of a program hears signals.
            with contextlib.suppress(RuntimeError, ValueError):
                loop.add_signal_handler(number, self._stop, number, status, tasks)
                self.watchdog.hear(number, status)
        return list(await asyncio.gather(*tasks))

    def _stop(self, by: int, status: int, tasks: list[asyncio.Task[Report]]) -> None:
        self.status = status
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        for task in tasks:
            task.cancel(by)  # which its report passes on


def complete(
    work: Callable[[Stop], Coroutine[Any, Any, list[Report]]], options: "Options"
) -> tuple[list[Report], int]:
    """The reports, and the exit status that a signal asks for, or 0. `options` are those of the
    runs."""
    watchdog = Watchdog(options)
    stop = Stop(watchdog)
    # Not asyncio.run: that waits at its end for a resolver that does not answer.
    loop = asyncio.new_event_loop()
    with watchdog.watching(options.timeout):
        try:
            reports = loop.run_until_complete(work(stop))
        except (Abandoned, Overdue):
            # The loop is left as it is: its tasks would complain, and the process ends.
            _abandoned.append(loop)
            status = stop.status or watchdog.status
            try:
                return watchdog.reports(by=max(status - SIGNALLED, 0)), status
            except (Abandoned, Overdue):
                raise RuntimeError("The run does not end, and neither do its checks.") from None
    loop.close()
    return reports, stop.status


_abandoned: list[asyncio.AbstractEventLoop] = []
