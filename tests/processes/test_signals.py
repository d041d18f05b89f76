"""The exit statuses that a shell reports for a signal."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest

from diagnose.processes.signals import EXIT_SIGINT, EXIT_SIGTERM, held_back


@pytest.fixture
def python_handles() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("python_handles")
def test_they_are_those_of_the_shell() -> None:
    for name, status in (("INT", EXIT_SIGINT), ("TERM", EXIT_SIGTERM)):
        script = f"sh -c 'kill -{name} $$'; exit $?"
        assert subprocess.run(["sh", "-c", script], check=False).returncode == status


@pytest.mark.usefixtures("python_handles")
def test_one_interrupt_is_held_back_and_the_next_kills() -> None:
    with held_back():
        os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("python_handles")
def test_what_somebody_else_handles_is_left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held_back():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.usefixtures("python_handles")
def test_another_thread_holds_nothing_back() -> None:
    done = []

    def work() -> None:
        with held_back():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]
