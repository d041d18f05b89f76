"""What happens during a run. Every front end is a function of these and of nothing else."""

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
    """Something was seen. It is the `number`th observation of the run, counted from 1."""

    observation: Observation
    number: int


@frozen
class Crashed:
    """A probe or a check of ours raised; the run goes on."""

    crash: Crash


@frozen
class Concluded:
    """The run has ended and this is what it means."""

    report: Report


Event = Started | Observed | Crashed | Concluded
Sink = Callable[[Event], None]


@contextmanager
def report_crash(component: str, on_crash: Callable[[Crash], None]) -> Iterator[None]:
    """What raises in here is a fault of ours: it is reported, and everything else goes on."""
    try:
        yield
    except Exception as error:
        on_crash(Crash(component, f"{type(error).__name__}: {error}"))


def null_sink(event: Event) -> None:
    """The sink of a run that nobody watches."""


def tee(*sinks: Sink) -> Sink:
    """One sink that passes every event on to each of several."""

    def forward(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return forward
