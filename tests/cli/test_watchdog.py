"""A run ends with one document, whatever its own code does."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from diagnose import engine
from diagnose.checking import conclusion, registry, root_cause
from diagnose.cli import watchdog
from diagnose.model import Claim, Crash, Evidence, events
from diagnose.probes import Options
from tests.support.check_evidence import evidence

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, os, re, sys
sys.path.insert(0, {root!r})
from dataclasses import replace
from diagnose.checking import registry
from diagnose.cli import main, watchdog
watchdog.GRACE = watchdog.SIGNAL_GRACE = 0.1
watchdog.TICK = 0.3

def loop(*_):
    print("stuck", file=sys.stderr, flush=True)
    while True:
        pass

def stubborn(*_):
    while True:
        try:
            loop()
        except Exception:
            pass

def judge(check_id, work):
    real = registry.load_check
    own = replace(real(check_id), judge=work)
    import diagnose.checking.conclusion
    diagnose.checking.conclusion.load_check = lambda name: own if name == check_id else real(name)

def probe(work):
    from diagnose.probes.outside import tcp
    from diagnose.probes import probe
    from diagnose.model.tcp import Connection

    @probe(after=Connection)
    async def endless(look, seen):
        work()
    tcp.endless = endless

def report_slowly():
    import time, traceback
    real = traceback.format_exception

    def slow(*words):
        end = time.process_time() + 1.5
        while time.process_time() < end:
            pass
        return real(*words)
    traceback.format_exception = slow

def stop_the_loop():
    real, told = asyncio.base_events.BaseEventLoop._run_once, []
    def once(self):
        told.append(1)
        if len(told) > 5:
            loop()
        real(self)
    asyncio.base_events.BaseEventLoop._run_once = once

{spoil}
main.exit_now(main.main(sys.argv[1:]))
"""

#: What is done to the program before it runs.
SPOILS = {
    "check": "judge('tcp.refused', loop)",
    "expression": "judge('tcp.refused', lambda _: re.match('(a|a)*b', 'a' * 64))",
    "stubborn check": "judge('tcp.refused', stubborn)",
    "probe": "probe(loop)",
    "probe whose crash takes long to report": "probe(loop); report_slowly()",
    "stubborn probe": "probe(stubborn)",
    "event loop": "stop_the_loop()",
}


@contextmanager
def running(spoil: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(root=str(ROOT), spoil=SPOILS[spoil]), *words],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def document(text: str) -> dict[str, Any]:
    """The one document: `loads` takes no second one behind it."""
    read: dict[str, Any] = json.loads(text)
    return read


@pytest.mark.parametrize("spoil", SPOILS)
def test_code_that_loops_costs_only_itself(spoil: str, shut: int) -> None:
    with running(spoil, "--timeout", "0.5", "--json", "--outside", f"127.0.0.1:{shut}") as process:
        said, complaints = process.communicate(timeout=60)
    told = document(said)
    assert process.returncode == told["verdict"]["exit_code"] != 0
    assert told["verdict"]["status"] != "ok"
    assert told["errors"]
    assert not [line for line in complaints.splitlines() if line != "stuck"]
    assert spoil == "event loop" or told["observations"]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize(
    "spoil", [name for name in SPOILS if name not in {"expression", "stubborn check"}]
)
def test_a_signal_is_heard_by_code_that_loops(
    spoil: str, number: int, status: int, shut: int
) -> None:
    words = ("--timeout", "3600", "--json", "--outside", f"127.0.0.1:{shut}")
    with running(spoil, *words) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "stuck\n"
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    read = document(said)
    assert process.returncode == read["verdict"]["exit_code"] == status
    assert read["run"]["interrupted"] is True
    assert read["verdict"]["status"] != "ok"


WORKS = (engine.Run._guarded, conclusion._load, root_cause._judged)


def test_the_work_that_may_be_interrupted_is_there() -> None:
    """It is known by its name."""
    names = {(work.__module__, work.__qualname__) for work in WORKS}
    assert names == set(watchdog.CRASH_HANDLERS)
    reporter = events._CrashReporter.__exit__
    assert (reporter.__module__, reporter.__qualname__) == watchdog._CRASH_REPORTER
    for work in WORKS:
        variable = watchdog.CRASH_HANDLERS[work.__module__, work.__qualname__]
        assert variable in {*work.__code__.co_varnames, *work.__code__.co_cellvars}


def test_nothing_interrupts_the_report_of_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second interruption there ended the run: Python takes long to write its first traceback.
    The machine is not busy here: an interruption on a busy one may not count."""
    monkeypatch.setattr(watchdog, "_waited", lambda: 0.0)
    watched = watchdog.Watchdog(Options())
    crashes: list[Crash] = []

    def report_slowly(crash: Crash) -> None:
        for _ in range(3):
            watched._tick(signal.SIGALRM, sys._getframe())
        crashes.append(crash)

    def fail(_: Evidence) -> Iterator[Claim]:
        frame = sys._getframe()
        watched._tick(signal.SIGALRM, frame)
        watched._tick(signal.SIGALRM, frame)
        return iter(())

    check = replace(registry.load_check("tcp.refused"), judge=fail)
    assert root_cause._judged(check, evidence(), report_slowly) == []
    assert "Overdue" in crashes[0].message


@pytest.mark.parametrize(("waited", "first"), [(0.1, 6), (0.45, 46)], ids=["runs", "held up"])
def test_an_interruption_counts_less_while_others_take_the_cpu(
    waited: float, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of half a second, of which it waits for a CPU for so long."""
    number = iter(range(1000))
    monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: next(number) * 0.5))
    waits = iter(range(1000))
    monkeypatch.setattr(watchdog, "_waited", lambda: next(waits) * waited)
    watched = watchdog.Watchdog(Options())
    for _ in range(first - 1):
        watched._tick(signal.SIGALRM, None)
    with pytest.raises(watchdog.Abandoned):
        watched._tick(signal.SIGALRM, None)
