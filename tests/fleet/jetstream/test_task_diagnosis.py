"""What a task may choose, and what a worker keeps for itself. The run is a function here."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from diagnose.exporter.target_policy import parse_policy
from diagnose.fleet.fair_runs import FairRuns
from diagnose.fleet.jetstream.messages import Task, answer_line
from diagnose.fleet.jetstream.task_diagnosis import TaskDiagnosis
from diagnose.fleet.jetstream.worker import Outcome
from diagnose.model import Evidence, Report, Target
from diagnose.model.view import View
from diagnose.net import Net
from diagnose.probes import Options
from tests.support.check_evidence import NOW

TASK = Task(1, 3, "https://shop.example.com/", compact=True)
OWN = Options(inside=False, resolver="192.0.2.53", cafile="/own/ca.pem")


def diagnose(
    task: Task, interrupted: bool = False, allow: tuple[str, ...] = ()
) -> tuple[Outcome | None, list[tuple[Target, Options]]]:
    runs: list[tuple[Target, Options]] = []

    async def run(target: Target, options: Options, net: Net) -> Report:
        runs.append((target, options))
        return Report(Evidence(target, NOW, ()), (), interrupted=interrupted)

    def wait(is_waiting: bool) -> None: ...

    worker = TaskDiagnosis(
        run, FairRuns(lambda: cast(Net, None)), OWN, View(), parse_policy(allow).refusal
    )
    return asyncio.run(worker.diagnose(task, wait)), runs


def line(outcome: Outcome | None) -> dict[str, Any]:
    assert outcome is not None
    return answer_line(outcome.answer)


def test_the_task_chooses_how_to_look_and_the_worker_its_own_network() -> None:
    task = Task(1, 3, "wss://a.example/ws", (), 5.0, 6, ("tcp",), ("http",), "zh", True)
    outcome, ((target, options),) = diagnose(task)
    assert (target.host, target.websockets) == ("a.example", ("/ws",))
    assert (options.timeout, options.family, options.only, options.skip) == (
        *(5.0, 6), ("tcp",), ("http",),
    )  # fmt: skip
    assert (options.resolver, options.cafile) == (OWN.resolver, OWN.cafile)
    assert (options.outside, options.inside, options.server) == (True, False, None)
    assert line(outcome)["type"] == "verdict"


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (Task(1, 3, "http://169.254.169.254/latest"), "metadata"),
        (Task(1, 3, "[fe80::1]"), "metadata"),
        (Task(1, 3, "metadata.google.internal"), "metadata"),
        (Task(1, 3, "other.example.org"), "not an allowed name"),
        (Task(1, 3, "ssh://root@shop.example.com"), "ssh"),
        (Task(1, 3, "--server=ssh://x"), "no host name"),
        (Task(1, 3, "\x1b[31m \x00"), ""),
        (Task(1, 3, "shop.example.com", only=("everything",)), "no layer"),
        (Task(1, 3, "shop.example.com", lang="xx"), "no language"),
    ],
    ids=str,
)
def test_what_it_does_not_diagnose_is_answered(task: Task, reason: str) -> None:
    outcome, runs = diagnose(task, allow=("*.example.com", "shop.example.com"))
    assert runs == []
    assert (line(outcome)["type"], line(outcome)["line"]) == ("error", 3)
    assert reason in line(outcome)["message"]


def test_an_interrupted_run_is_no_answer() -> None:
    assert diagnose(TASK, interrupted=True)[0] is None


def test_a_report_that_is_too_long_becomes_its_verdict_and_says_so() -> None:
    outcome, _ = diagnose(Task(1, 3, "shop.example.com"))
    assert line(outcome)["type"] == "report"
    assert outcome is not None
    shortened: Callable[[int, int], Any] = outcome.shortened
    short = answer_line(shortened(2_000_000, 1_000_000))
    assert (short["type"], short["too_long"]) == (
        "verdict",
        {"bytes": 2_000_000, "limit": 1_000_000},
    )
