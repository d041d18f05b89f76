import asyncio
import resource
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest

from diagnose.fleet import pool as pool_module
from diagnose.fleet.pool import DESCRIPTORS_KEPT, DESCRIPTORS_PER_JOB, Pool, affordable_concurrency
from tests.support.event_loops import ClockLoop


@pytest.fixture(autouse=True)
def always_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine delays no start in these tests."""
    monkeypatch.setattr(pool_module, "BUSY_TURN", 3600.0)


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


class Work:
    """Jobs that end when they are released."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.most = 0
        self.release = asyncio.Event()

    async def do(self, number: int) -> None:
        self.begun.append(number)
        self.most = max(self.most, len(self.begun) - len(self.done))
        await self.release.wait()
        self.done.append(number)


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def test_every_job_is_done_and_no_more_than_allowed_at_once() -> None:
    async def work() -> None:
        jobs = Work()
        running = asyncio.ensure_future(Pool(jobs.do, str, concurrency=3).run(numbers(20)))
        await settle()
        assert jobs.begun == [0, 1, 2]
        jobs.release.set()
        await running
        assert sorted(jobs.done) == list(range(20))
        assert jobs.most == 3

    asyncio.run(work())


def test_a_list_of_one_key_does_not_keep_others_waiting() -> None:
    async def work() -> None:
        jobs = Work()

        def key(number: int) -> str:
            return "last" if number == 99 else "same"

        running = asyncio.ensure_future(Pool(jobs.do, key, concurrency=50).run(numbers(100)))
        await settle()
        assert 99 in jobs.begun
        assert len(jobs.begun) == pool_module.PER_KEY + 1
        jobs.release.set()
        await running
        assert len(jobs.done) == 100

    asyncio.run(work())


def test_the_list_is_read_no_faster_than_it_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "READ_AHEAD", 5)

    async def work() -> None:
        jobs, read = Work(), list[int]()

        async def endless() -> AsyncIterator[int]:
            while True:
                read.append(len(read))
                yield read[-1]

        pool = Pool(jobs.do, str, concurrency=2)
        running = asyncio.ensure_future(pool.run(endless()))
        await settle()
        assert len(read) <= 2 + 5 + 1
        jobs.release.set()
        await settle()
        assert len(read) > 2 + 5 + 1
        pool.stop()
        await running

    asyncio.run(work())


def test_a_job_that_waits_elsewhere_makes_room_for_another() -> None:
    async def work() -> None:
        jobs = Work()
        pool = Pool(jobs.do, str, concurrency=1)
        running = asyncio.ensure_future(pool.run(numbers(3)))
        await settle()
        pool.park(True)
        await settle()
        assert jobs.begun == [0, 1]
        pool.park(False)
        jobs.release.set()
        await running

    asyncio.run(work())


def test_stopped_it_cancels_what_is_at_work_and_begins_nothing() -> None:
    async def work() -> None:
        jobs = Work()
        pool = Pool(jobs.do, str, concurrency=2)
        running = asyncio.ensure_future(pool.run(numbers(10)))
        await settle()
        pool.stop()
        await running
        assert (len(jobs.begun), jobs.done) == (2, [])

    asyncio.run(work())


def test_a_fault_of_a_job_is_raised() -> None:
    async def fail(_: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(Pool(fail, str, concurrency=2).run(numbers(3)))


def test_no_more_begin_in_a_second_than_the_rate_allows() -> None:
    starts: list[float] = []

    async def start(_: int) -> None:
        starts.append(asyncio.get_running_loop().time())

    with asyncio.Runner(loop_factory=ClockLoop) as runner:
        runner.run(Pool(start, str, concurrency=50, rate=200).run(numbers(20)))
    intervals = [later - earlier for earlier, later in pairwise(starts)]
    assert intervals == pytest.approx([1 / 200] * 19)


class CpuClock:
    """The CPU time of this process (`time.process_time`): each turn of the loop takes so much of it
    as the test says, and none when nothing is left."""

    def __init__(self, turns: Sequence[float]) -> None:
        self.turns, self.seconds, self.is_before = list(turns), 0.0, True

    def process_time(self) -> float:
        if not self.is_before and self.turns:
            self.seconds += self.turns.pop(0)
        self.is_before = not self.is_before
        return self.seconds


def test_nothing_begins_while_the_event_loop_has_much_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_module, "BUSY_TURN", 0.05)
    clock = CpuClock([0.3, 0.06, 0.0])
    monkeypatch.setattr(pool_module, "time", clock)
    left = []

    async def begin(number: int) -> None:
        left.append(len(clock.turns))

    asyncio.run(Pool(begin, str, concurrency=5).run(numbers(1)))
    assert left == [0]  # it has looked again until the loop had little to do


def test_a_loop_that_other_programs_make_late_begins_one_job_in_each_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However little CPU time it gets: of each second of the clock a hundredth is ours."""
    monkeypatch.setattr(pool_module, "BUSY_TURN", 0.05)
    clock = CpuClock([0.01] * 40)
    monkeypatch.setattr(pool_module, "time", clock)

    async def work() -> None:
        loop, jobs = asyncio.get_running_loop(), Work()
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + clock.seconds * 100)
        running = asyncio.ensure_future(Pool(jobs.do, str, concurrency=40).run(numbers(40)))
        await settle()
        assert (len(jobs.begun), len(clock.turns)) == (40, 0)
        jobs.release.set()
        await running

    asyncio.run(work())


def test_file_descriptors_bound_how_many_are_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [
        DESCRIPTORS_KEPT + 10 * DESCRIPTORS_PER_JOB,
        DESCRIPTORS_KEPT + 50 * DESCRIPTORS_PER_JOB,
    ]
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: raised.append(pair))
    assert affordable_concurrency(8) == 8
    assert raised == []
    assert affordable_concurrency(30) == 30
    assert raised.pop()[0] == DESCRIPTORS_KEPT + 30 * DESCRIPTORS_PER_JOB
    assert affordable_concurrency(1000) == 50
    assert raised.pop() == (limits[1], limits[1])


def test_to_finish_lets_jobs_end_and_begins_none() -> None:
    async def work() -> None:
        jobs = Work()
        pool = Pool(jobs.do, str, concurrency=2, read_ahead=1)
        running = asyncio.ensure_future(pool.run(numbers(20)))
        await settle()
        pool.finish()
        jobs.release.set()
        await running
        assert jobs.done == jobs.begun == [0, 1]

    asyncio.run(work())


def test_few_jobs_are_read_before_they_begin() -> None:
    async def work() -> None:
        jobs, read = Work(), list[int]()

        async def endless() -> AsyncIterator[int]:
            while True:
                read.append(len(read))
                yield read[-1]

        pool = Pool(jobs.do, str, concurrency=2, read_ahead=1)
        running = asyncio.ensure_future(pool.run(endless()))
        await settle()
        assert len(read) == 3
        pool.stop()
        await running

    asyncio.run(work())
