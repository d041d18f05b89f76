"""`--wait`: the diagnosis again and again until the sites work, or the time is up. For scripts that
have just deployed something."""

import time
from collections.abc import Callable, Sequence

from diagnose.checking.verdicts import verdict
from diagnose.model import Report
from diagnose.processes.signals import EXIT_SIGINT

#: Seconds between the end of a diagnosis and the next.
PAUSE = 2.0

RunTargets = Callable[[], tuple[list[Report], int]]


def run_until_well(
    run: RunTargets,
    seconds: float,
    on_failure: Callable[[Sequence[Report], float], None],
    pause: float = PAUSE,
) -> tuple[list[Report], int]:
    """Return the reports of the last diagnosis, and the exit status required by a signal, or 0.

    `on_failure` receives the reports of a diagnosis that another one follows, and the seconds that
    are left. The last diagnosis begins before the time is up.
    """
    deadline = time.monotonic() + seconds
    while True:
        reports, status = run()
        remaining = deadline - time.monotonic()
        if status or all(map(_is_well, reports)) or remaining <= 0:
            return reports, status
        on_failure(reports, remaining)
        try:
            time.sleep(min(pause, remaining))
        except KeyboardInterrupt:
            return reports, EXIT_SIGINT


def _is_well(report: Report) -> bool:
    """Return whether visitors reach the site: a warning is nothing to wait for."""
    return verdict(report).status in {"ok", "warning"}
