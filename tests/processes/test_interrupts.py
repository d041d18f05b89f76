"""Ctrl-C before anything handles it."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from diagnose.processes import interrupts


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
    interrupts._noted.clear()


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_is_raised_and_noted() -> None:
    interrupts.note_interrupts()
    assert not interrupts.is_interrupted()
    with pytest.raises(KeyboardInterrupt):
        press()
    assert interrupts.is_interrupted()


def test_what_python_forgot_is_raised_at_the_end() -> None:
    interrupts.note_interrupts()

    class Thing:
        def __del__(self) -> None:
            press()

    Thing()
    assert interrupts.is_interrupted()
    with pytest.raises(KeyboardInterrupt):
        interrupts.stop_noting()


def test_afterwards_python_handles_it_again() -> None:
    interrupts.note_interrupts()
    interrupts.stop_noting()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.note_interrupts()
    press()
    assert not interrupts.is_interrupted()


def test_the_next_one_kills() -> None:
    interrupts.let_the_next_kill()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
