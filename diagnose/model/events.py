"""The events of a run. Every front end depends on these events only."""

from collections.abc import Callable
from types import TracebackType
from typing import Literal

from diagnose.model import Crash, Observation, Report, Scope, Target
from diagnose.model.frozen import frozen


@frozen
class Started:
    """The run begins, or begins anew: a bare name stood for another address, and what was observed
    before does not count."""

    target: Target
    scope: Scope = Scope()


@frozen
class Observed:
    """An observation was made. It is the `number`th of the run, counted from 1."""

    observation: Observation
    number: int


#: The resolver's answer about a name, a DNS server's, a TCP connection, what the other end sends.
WaitKind = Literal["name", "query", "connection", "answer"]


@frozen
class Wait:
    """What a run waits for on the network. `subject` is a name or an address; `port` is 0 for a
    name. `waited` and `limit` are seconds: since it began, and from then until it is given up."""

    kind: WaitKind
    subject: str
    port: int
    waited: float
    limit: float


@frozen
class Waiting:
    """What the run waits for at the moment, from the wait that began first. Empty if it waits for
    nothing any more. Comes twice a second."""

    waits: tuple[Wait, ...]


@frozen
class Crashed:
    """One of our probes or checks raised an exception; the run continues."""

    crash: Crash


@frozen
class Concluded:
    """The run has ended; this is its report."""

    report: Report


Event = Started | Observed | Waiting | Crashed | Concluded
Sink = Callable[[Event], None]


#: The end of a traceback that is kept, in characters.
MAX_TRACE = 16 * 1024


class _CrashReporter:
    """The context manager of `report_crash`. A run enters some hundred: a generator of contextlib
    takes four times as long."""

    __slots__ = ("_component", "_on_crash")

    def __init__(self, component: str, on_crash: Callable[[Crash], None]) -> None:
        self._component, self._on_crash = component, on_crash

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        import traceback  # only a fault needs it

        text = "".join(traceback.format_exception(error))[-MAX_TRACE:]
        self._on_crash(Crash(self._component, f"{type(error).__name__}: {error}", text))
        return True


def report_crash(component: str, on_crash: Callable[[Crash], None]) -> _CrashReporter:
    """Report an exception of our own code as a `Crash`, so that the run continues."""
    return _CrashReporter(component, on_crash)


def null_sink(event: Event) -> None:
    """Ignore the event."""


def tee(*sinks: Sink) -> Sink:
    """Return one sink that passes every event to each of the given sinks."""

    def forward(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return forward
