"""A probe that does not end, in an event loop whose clock stands still until a test moves it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from diagnose.exporter.diagnosis import Diagnoses
from diagnose.exporter.modules import Module
from diagnose.exporter.probe import Probe
from diagnose.exporter.probe_log import ProbeLog
from diagnose.exporter.runner import ProbeRun
from diagnose.exporter.target_policy import GuardedNet, TargetPolicy
from diagnose.net.deadline import LateError
from diagnose.net.local import LocalNet
from tests.support.event_loops import ClockLoop


def failure(prober: Callable[[Probe], Awaitable[bool]]) -> str:
    """The reason of a probe that has five seconds."""

    async def work() -> str:
        net = GuardedNet(LocalNet(), TargetPolicy())
        probe = Probe("a.example", "", Module(prober="dns"), net, ProbeLog("m", "a.example"))
        assert not await ProbeRun(probe, prober, 5.0, Diagnoses(300.0), ("m", "", "")).run()
        return probe.failure

    with asyncio.Runner(loop_factory=ClockLoop) as runner:
        return runner.run(work())


def test_a_silent_target_is_a_timeout() -> None:
    async def wait(_: Probe) -> bool:
        await asyncio.sleep(60)
        return True

    assert failure(wait) == "timeout"


@pytest.mark.parametrize("late_s", [3.0, 30.0])
def test_a_busy_exporter_does_not_blame_the_target(late_s: float) -> None:
    async def wait(_: Probe) -> bool:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ClockLoop)
        loop.call_later(0.1, loop.be_late, late_s)
        await asyncio.sleep(60)
        return True

    assert failure(wait) == "too-busy"


def test_a_step_that_nobody_waited_for_is_no_crash() -> None:
    async def be_late(_: Probe) -> bool:
        raise LateError

    assert failure(be_late) == "too-busy"
