"""A healthy site of real servers on loopback, and a run that is cut at each of its probes in turn:
the probe crashes, the time is over while it works, or somebody presses Ctrl-C. What was not seen
may be a fault, so none of these runs says that the site is healthy."""

import asyncio
import functools
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from diagnose import engine
from diagnose.checking.verdicts import verdict
from diagnose.cli.demo import embedded as demo
from diagnose.cli.demo.faults import Fault
from diagnose.model import Observation, Report
from diagnose.net.deadline import Deadline
from diagnose.probes import Options, Probe, ProbeContext, ProbeFunction

#: The site of the demonstration without a fault: its certificate is valid, and nobody asks for a
#: WebSocket.
HEALTHY = Fault("websocket")

#: The deadline of the run that goes on, until it is over.
deadlines: list[Deadline] = []


def diagnosed(replaced: Callable[[Probe], Probe]) -> Report:
    """Diagnose the healthy site, with each probe replaced as told."""
    register = engine.Run.register

    def deadline(seconds: float | None) -> Deadline:
        whole = Deadline(seconds)
        deadlines.append(whole)
        return whole

    async def run() -> Report:
        async with demo._site(HEALTHY) as (net, cafile):
            options = Options(inside=False, cafile=cafile)
            work = engine.run(demo.target_of(HEALTHY), options, net)
            report = await asyncio.create_task(work, name="run")
            # The servers end each connection after the client has.
            await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
            return report

    deadlines.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "run_deadline", deadline)
        patch.setattr(engine.Run, "register", lambda run, each: register(run, replaced(each)))
        return asyncio.run(run())


@functools.cache
def started_probes() -> tuple[str, ...]:
    """The names of the probes that a run of the healthy site starts."""
    names: dict[str, None] = {}

    def recorded(each: Probe) -> Probe:
        async def work(context: ProbeContext, *seen: Observation) -> None:
            names[each.name] = None
            await each.work(context, *seen)

        return replace(each, work=work)

    assert verdict(diagnosed(recorded)).status == "ok"
    return tuple(names)


async def crash(context: ProbeContext, *_: Observation) -> None:
    raise ValueError(context.target.url)


async def outlast_the_deadline(_: ProbeContext, *seen: Observation) -> None:
    if deadlines:
        deadlines.pop().expire()
    await asyncio.Event().wait()


async def meet_ctrl_c(_: ProbeContext, *seen: Observation) -> None:
    (run,) = (task for task in asyncio.all_tasks() if task.get_name() == "run")
    run.cancel(signal.SIGINT)
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("cut", "unfinished"),
    [(crash, "crash"), (outlast_the_deadline, "deadline"), (meet_ctrl_c, "interrupted")],
)
def test_no_run_that_is_cut_at_a_probe_is_healthy(cut: ProbeFunction, unfinished: str) -> None:
    names = started_probes()
    assert len(names) > 10
    for name in names:

        def replaced(each: Probe, name: str = name) -> Probe:
            return replace(each, work=cut) if each.name == name else each

        report = diagnosed(replaced)
        assert verdict(report).status == "unknown", name
        assert unfinished in verdict(report).unfinished, name
