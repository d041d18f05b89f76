"""Deadlines in an event loop whose clock stands still until a test moves it."""

import asyncio
import socket
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from diagnose.net.deadline import (
    LateError,
    deadline,
    loop_lateness,
    own_wait,
    peer_wait,
    run_deadline,
    shares_loop,
)
from diagnose.net.local import TcpStream
from tests.support.event_loops import ClockLoop


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=ClockLoop) as runner:
        runner.run(work)


def loop() -> ClockLoop:
    running = asyncio.get_running_loop()
    assert isinstance(running, ClockLoop)
    return running


def test_it_passes_on_time() -> None:
    async def wait() -> None:
        with pytest.raises(TimeoutError):
            async with deadline(4.0):
                await asyncio.sleep(60)
        assert loop().time() == pytest.approx(4.0, abs=0.1)

    run(wait())


def test_without_seconds_it_never_passes() -> None:
    async def wait() -> None:
        async with deadline(None):
            await asyncio.sleep(1000)

    run(wait())


def test_an_answer_that_came_while_the_loop_was_late_is_read() -> None:
    async def wait() -> None:
        answer: asyncio.Future[str] = loop().create_future()

        def be_late() -> None:
            loop().be_late(30.0)
            # The answer was there all the time, but the loop sees it only in its next turn.
            loop().call_soon(answer.set_result, "hello")

        loop().call_later(1.0, be_late)
        async with deadline(10.0):
            assert await answer == "hello"

    run(wait())


def test_a_stream_is_not_silent_because_we_were_late() -> None:
    async def read() -> bytes:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:

            def answer_while_we_are_late() -> None:
                theirs.send(b"hello")
                time.sleep(0.2)  # longer than the timeout; the answer is there all the time

            asyncio.get_running_loop().call_later(0.01, answer_while_we_are_late)
            return await TcpStream(ours, ("", 0)).read(timeout=0.05)

    assert asyncio.run(read()) == b"hello"


def test_lateness_extends_it_by_no_more_than_itself() -> None:
    async def wait() -> None:
        loop().call_later(1.0, lambda: loop().be_late(5.0))
        with pytest.raises(TimeoutError):
            async with deadline(4.0):
                await asyncio.sleep(60)
        assert loop().time() == pytest.approx(9.0, abs=0.2)

    run(wait())


def test_a_loop_that_is_always_late_blames_nobody() -> None:
    async def wait() -> None:
        def be_late() -> None:
            loop().be_late(1.0)
            loop().call_soon(be_late)

        be_late()
        with pytest.raises(LateError):
            async with deadline(4.0):
                await asyncio.sleep(3600)

    run(wait())


def be_late_for_ever(seconds: float) -> None:
    """Let so many seconds pass in each turn of the loop."""
    loop().be_late(seconds)
    loop().call_soon(be_late_for_ever, seconds)


async def silence() -> None:
    with peer_wait():
        await asyncio.sleep(3600)


def test_a_silent_peer_is_known_to_be_silent_by_a_loop_that_is_always_late() -> None:
    """The kernel was there all the time, and nothing has arrived."""

    async def wait() -> None:
        be_late_for_ever(0.5)
        with pytest.raises(TimeoutError):
            async with deadline(4.0):
                await silence()
        assert 4.0 <= loop().time() < 8.0

    run(wait())


def test_what_is_done_between_two_waits_for_a_peer_is_not_its_silence() -> None:
    async def work_between_waits() -> None:
        while True:
            with peer_wait():
                await asyncio.sleep(1)
            await asyncio.sleep(1)

    async def wait() -> None:
        be_late_for_ever(0.5)
        with pytest.raises(LateError):
            async with deadline(4.0):
                await work_between_waits()

    run(wait())


def test_a_machine_that_stood_still_says_nothing_about_a_peer() -> None:
    """A virtual machine that was paused has received nothing meanwhile."""

    async def wait() -> None:
        loop().call_later(1.0, lambda: loop().be_late(30.0))
        with pytest.raises((TimeoutError, LateError)) as raised:
            async with deadline(10.0):
                await silence()
        assert raised.type is TimeoutError
        assert loop().time() == pytest.approx(39.0, abs=1.2)

    run(wait())


def test_an_answer_is_read_before_a_peer_is_called_silent() -> None:
    """It arrived in time. The turn that receives it, and the one in which its task continues, come
    later than the deadline."""

    async def wait() -> None:
        answer: asyncio.Future[str] = loop().create_future()

        def receive() -> None:
            loop().call_soon(answer.set_result, "hello")
            loop().be_late(0.9)

        be_late_for_ever(0.9)
        loop().call_at(3.9, receive)
        async with deadline(4.0):
            with peer_wait():
                assert await answer == "hello"

    run(wait())


def test_a_wait_for_a_turn_of_its_own_is_no_silence() -> None:
    async def wait() -> None:
        async def wait_for_a_turn() -> None:
            with own_wait():
                await asyncio.sleep(100)

        be_late_for_ever(0.5)
        async with deadline(4.0):
            waiting = asyncio.ensure_future(wait_for_a_turn())
            with peer_wait():
                await waiting
        assert loop().time() >= 100.0

    run(wait())


def test_a_wait_for_a_turn_of_its_own_does_not_count() -> None:
    async def wait() -> None:
        async def wait_for_a_turn_and_a_peer() -> None:
            with own_wait():
                await asyncio.sleep(100)
            await asyncio.sleep(60)

        with pytest.raises(TimeoutError):
            async with deadline(10.0), deadline(4.0):
                await wait_for_a_turn_and_a_peer()
        assert loop().time() == pytest.approx(104.0, abs=0.2)

    run(wait())


def test_the_lateness_is_measured_only_while_a_deadline_is_open() -> None:
    async def wait() -> None:
        loop().be_late(7.0)
        async with deadline(60.0):
            await asyncio.sleep(1)
            loop().be_late(3.0)
            await asyncio.sleep(1)
        await asyncio.sleep(0)
        loop().be_late(7.0)
        assert loop_lateness().seconds == pytest.approx(3.0, abs=0.1)

    run(wait())


def test_an_inner_one_of_the_same_length_ends_with_the_outer_one() -> None:
    async def wait() -> None:
        with pytest.raises(TimeoutError):
            async with deadline(4.0), deadline(4.0):
                await asyncio.sleep(60)
        assert loop().time() == pytest.approx(4.0, abs=0.1)

    run(wait())


def test_an_inner_one_that_is_shorter_ends_first_and_alone() -> None:
    async def wait() -> None:
        async with deadline(10.0):
            with pytest.raises(TimeoutError):
                async with deadline(4.0):
                    await asyncio.sleep(60)
            assert loop().time() == pytest.approx(4.0, abs=0.1)
            await asyncio.sleep(5.0)

    run(wait())


def test_one_of_another_task_is_no_reason_to_wait_for_ever() -> None:
    async def wait() -> None:
        async def inner() -> None:
            async with deadline(4.0):
                await asyncio.sleep(60)

        async with deadline(2.0):
            # It keeps the deadline around it, and outlives it.
            task = asyncio.create_task(inner())
        with pytest.raises(TimeoutError):
            await task

    run(wait())


def test_a_run_that_is_alone_ends_in_time_however_late_the_loop_is() -> None:
    async def wait() -> None:
        async def be_busy() -> None:
            while True:
                loop().be_late(0.2)
                await asyncio.sleep(0)

        busy = asyncio.create_task(be_busy())
        with pytest.raises(TimeoutError):
            async with run_deadline(4.0):
                await asyncio.sleep(60)
        busy.cancel()
        assert loop().time() < 5.0

    run(wait())


def test_a_run_among_many_is_given_more_time() -> None:
    async def wait() -> None:
        shares_loop.set(True)
        loop().call_later(1.0, loop().be_late, 3.0)
        with pytest.raises(TimeoutError):
            async with run_deadline(4.0):
                await asyncio.sleep(60)
        assert loop().time() > 6.0

    run(wait())
