"""The events of a run. Every front end depends on these events only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from diagnose.model import Crash, Observation, Report, Scope, Target
from diagnose.model.frozen import frozen


@frozen
class Started:
    """The run begins."""

    target: Target
    scope: Scope = Scope()


@frozen
class Observed:
    """An observation was made. It is the `number`th of the run, counted from 1."""

    observation: Observation
    number: int


@frozen
class Crashed:
    """One of our probes or checks raised an exception; the run continues."""

    crash: Crash


@frozen
class Concluded:
    """The run has ended; this is its report."""

    report: Report


Event = Started | Observed | Crashed | Concluded
Sink = Callable[[Event], None]


@contextmanager
def report_crash(component: str, on_crash: Callable[[Crash], None]) -> Iterator[None]:
    """Report an exception of our own code as a `Crash`, so that the run continues."""
    try:
        yield
    except Exception as error:
        on_crash(Crash(component, f"{type(error).__name__}: {error}"))


def null_sink(event: Event) -> None:
    """Ignore the event."""


def tee(*sinks: Sink) -> Sink:
    """Return one sink that passes every event to each of the given sinks."""

    def forward(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return forward
