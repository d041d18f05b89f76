import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from diagnose.fleet import fair_net
from diagnose.fleet.fair_net import FairNet, Turns
from diagnose.net import ConnectResult
from diagnose.net.deadline import deadline
from diagnose.net.local import LocalNet


class Net(LocalNet):
    """Counts what is at work at the same time; nothing ends before `release`."""

    def __init__(self) -> None:
        self.active: list[str] = []
        self.most = 0
        self.release = asyncio.Event()

    async def connect(self, address: str, *_: Any) -> ConnectResult:
        await self._work(address)
        return ConnectResult(0.0)

    async def ask(self, server: str, *_: Any) -> bytes:
        await self._work(server)
        return b""

    async def _work(self, place: str) -> None:
        self.active.append(place)
        self.most = max(self.most, self.active.count(place))
        await self.release.wait()
        self.active.remove(place)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def settle() -> None:
    """Let everything happen that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def nothing(_: bool) -> None: ...


async def visit(net: FairNet, *addresses: str) -> None:
    """A run that connects to each address, one after another."""
    for address in addresses:
        await net.connect(address, 443)
    net.close()


def test_few_runs_connect_to_an_address_at_once() -> None:
    async def work() -> None:
        net, addresses = Net(), Turns(2)
        runs = [
            asyncio.ensure_future(visit(FairNet(net, addresses, Turns(9), nothing), "203.0.113.10"))
            for _ in range(5)
        ]
        await settle()
        assert len(net.active) == 2
        net.release.set()
        await asyncio.gather(*runs)
        assert (net.most, addresses.active("203.0.113.10")) == (2, 0)

    run(work())


def test_a_run_that_waits_holds_up_no_other_address() -> None:
    async def work() -> None:
        net, addresses, waits = Net(), Turns(1), list[bool]()
        for address in ("203.0.113.10", "203.0.113.10", "203.0.113.20"):
            run = FairNet(net, addresses, Turns(9), waits.append)
            asyncio.ensure_future(visit(run, address))  # noqa: RUF006
        await settle()
        assert net.active == ["203.0.113.10", "203.0.113.20"]
        assert waits == [True]  # another run may begin in its place
        net.release.set()
        await settle()
        assert waits == [True, False]

    run(work())


def test_a_run_has_its_turn_once_for_all_its_connections() -> None:
    async def work() -> None:
        net, addresses = Net(), Turns(1)
        net.release.set()
        own = FairNet(net, addresses, Turns(9), nothing)
        await asyncio.gather(*(own.connect("203.0.113.10", port) for port in (80, 443, 22)))
        assert addresses.active("203.0.113.10") == 1
        own.close()
        assert addresses.active("203.0.113.10") == 0

    run(work())


def test_two_runs_that_wait_for_each_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_net, "FURTHER_WAIT", 0.01)

    async def work() -> None:
        net, addresses = Net(), Turns(1)
        net.release.set()
        first, second = (FairNet(net, addresses, Turns(9), nothing) for _ in range(2))
        await first.connect("203.0.113.10", 443)
        await second.connect("203.0.113.20", 443)
        await asyncio.gather(
            first.connect("203.0.113.20", 443), second.connect("203.0.113.10", 443)
        )

    run(work())


def test_the_wait_for_a_turn_is_not_the_servers_silence() -> None:
    async def work() -> None:
        net, addresses = Net(), Turns(1)
        addresses.enter("203.0.113.10")

        async def connect() -> None:
            async with deadline(0.02):
                await FairNet(net, addresses, Turns(9), nothing).connect("203.0.113.10", 443)

        net.release.set()
        waiting = asyncio.ensure_future(connect())
        await asyncio.sleep(0.1)
        addresses.leave("203.0.113.10")
        await waiting

    run(work())


def test_few_questions_at_once_to_a_name_server() -> None:
    async def work() -> None:
        net, servers = Net(), Turns(3)
        runs = [FairNet(net, Turns(9), servers, nothing) for _ in range(8)]
        questions = [asyncio.ensure_future(each.ask("192.0.2.53", b"")) for each in runs]
        await settle()
        assert len(net.active) == 3
        net.release.set()
        await asyncio.gather(*questions)
        assert net.most == 3

    run(work())


def test_who_gives_up_waiting_leaves_no_turn_behind() -> None:
    async def work() -> None:
        turns = Turns(1)
        turns.enter("a")
        waiting = [asyncio.ensure_future(turns.wait("a")) for _ in range(3)]
        await settle()
        waiting[0].cancel()
        turns.leave("a")  # the turn may be on its way to the second
        waiting[1].cancel()
        await settle()
        assert waiting[2].done()
        assert turns.active("a") == 1
        turns.leave("a")
        assert turns.is_free("a")

    run(work())
