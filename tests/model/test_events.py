import pytest

from diagnose.model import Crash, Observation
from diagnose.model.events import Crashed, Event, Observed, null_sink, report_crash, tee

EVENTS = (Observed(Observation(), 1), Crashed(Crash("tcp.refused", "ValueError: no")))


def test_an_exception_of_our_own_is_reported_and_the_run_continues() -> None:
    crashes: list[Crash] = []
    with report_crash("tcp.refused", crashes.append):
        raise ValueError("no such port")
    (crash,) = crashes
    assert (crash.where, crash.message) == ("tcp.refused", "ValueError: no such port")
    assert crash.trace.startswith("Traceback")
    assert "test_events.py" in crash.trace


def test_nothing_is_reported_without_an_exception() -> None:
    crashes: list[Crash] = []
    with report_crash("tcp.refused", crashes.append):
        pass
    assert crashes == []


def test_a_cancelled_run_is_no_crash() -> None:
    crashes: list[Crash] = []
    with pytest.raises(KeyboardInterrupt), report_crash("tcp.refused", crashes.append):
        raise KeyboardInterrupt
    assert crashes == []


def test_every_sink_gets_every_event_in_order() -> None:
    seen: list[tuple[str, Event]] = []
    sink = tee(
        lambda event: seen.append(("a", event)), null_sink, lambda event: seen.append(("b", event))
    )
    for event in EVENTS:
        sink(event)
    assert seen == [(name, event) for event in EVENTS for name in "ab"]
    tee()(EVENTS[0])
