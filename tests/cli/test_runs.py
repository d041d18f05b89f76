"""Runs until their end or a signal, and the server that they inspect."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from diagnose.cli.runs import RunGroup, open_machine, options_for, report_builder, run_to_end
from diagnose.machine import Machine
from diagnose.machine.local import LocalMachine
from diagnose.model import Report
from diagnose.parsers.target import parse_target
from diagnose.probes import Options
from tests.support.check_evidence import evidence
from tests.support.report_builder import CLOSED, NAME, healthy, mended


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """A group leaves the default handlers behind."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_reports_are_in_the_order_of_the_runs() -> None:
    first, second = healthy(), mended()
    is_second_over = asyncio.Event()

    async def slow() -> Report:
        await is_second_over.wait()
        return first

    async def quick() -> Report:
        is_second_over.set()
        return second

    reports, status = run_to_end(lambda group: group.run_all([slow(), quick()]), Options())
    assert (reports, status) == ([first, second], 0)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_each_run_which_still_reports(number: int, status: int) -> None:
    async def run(sends: bool) -> Report:
        # A group handles signals from the second turn of the event loop on.
        for _ in range(3):
            await asyncio.sleep(0)
        if sends:
            os.kill(os.getpid(), number)
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return healthy()

    async def start(group: RunGroup) -> list[Report]:
        return await group.run_all([run(False), run(True)])

    reports, exit_status = run_to_end(start, Options())
    assert (len(reports), exit_status) == (2, status)


def test_a_signal_in_the_last_step_of_a_run_comes_too_late() -> None:
    """Its report says nothing of it, and the exit status is that of the report."""

    async def run() -> Report:
        for _ in range(3):
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        return healthy()

    reports, status = run_to_end(lambda group: group.run_all([run()]), Options())
    assert (len(reports), status) == (1, 0)


def opened(options: Options) -> Machine | None:
    async def open_it() -> Machine | None:
        async with open_machine(options) as machine:
            return machine

    return asyncio.run(open_it())


def test_the_server_is_this_machine_unless_only_the_network_is_asked() -> None:
    assert isinstance(opened(Options()), LocalMachine)
    assert opened(Options(inside=False)) is None


def test_masked_evidence_is_judged_within_the_same_layers() -> None:
    seen = evidence(NAME, CLOSED)
    (finding,) = report_builder(Options())(seen, ()).findings
    assert finding.check.id == "tcp.refused"
    without_tcp = Options(skip=("tcp",))
    judged = report_builder(without_tcp)(replace(seen, scope=without_tcp.scope), ())
    assert judged.findings == ()


def test_a_message_beside_another_site_names_the_request_of_its_own_target() -> None:
    line = (
        "Access to font at 'https://shop.example.com/a.woff2' from origin "
        "'https://www.shop.example.com' has been blocked by CORS policy"
    )
    page = parse_target("https://www.shop.example.com/")
    assert options_for(page, Options()) == Options()
    own = options_for(parse_target(line), Options())
    assert own.request.origin == "https://www.shop.example.com"
    other = parse_target("https://shop.example.com/ 502 Bad Gateway")
    assert options_for(other, Options()) == Options()
