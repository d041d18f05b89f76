"""What is late is repeated, and turns are given back. A run is a function here."""

import asyncio
from typing import cast

import pytest

from diagnose.fleet import fair_runs
from diagnose.fleet.fair_runs import FairRuns
from diagnose.model import Evidence, Report, Target
from diagnose.net import Net
from tests.support.check_evidence import NOW


class Lateness:
    """A loop that is later by so many seconds in each run."""

    seconds = 0.0

    def start(self) -> None: ...

    def stop(self) -> None: ...


def runs_until_a_verdict(monkeypatch: pytest.MonkeyPatch, late: float, is_cut: bool) -> int:
    lateness, count = Lateness(), 0
    monkeypatch.setattr(fair_runs, "loop_lateness", lambda: lateness)

    async def run(net: Net) -> Report:
        nonlocal count
        count += 1
        lateness.seconds += late
        # Nothing was observed: the verdict is unknown.
        return Report(
            Evidence(Target("a", "https", "a.example", 443), NOW, ()), (), interrupted=is_cut
        )

    runs = FairRuns(lambda: cast(Net, None))
    asyncio.run(runs.report(run, lambda is_waiting: None))
    return count


def test_a_verdict_of_a_late_loop_is_made_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs_until_a_verdict(monkeypatch, late=2.5, is_cut=False) == 2


def test_a_punctual_loop_and_an_interrupted_run_need_no_second_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert runs_until_a_verdict(monkeypatch, late=0.1, is_cut=False) == 1
    assert runs_until_a_verdict(monkeypatch, late=2.5, is_cut=True) == 1
