"""The server's own front door, with a listener of its own on loopback as the server."""

import asyncio
import socket
from typing import Any

import pytest

from diagnose.machine import ServerSideNet
from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Observation
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.net.local import LocalNet
from diagnose.probes import Closable, Options, Probe
from diagnose.probes.inside import server_side_entry
from tests.support.fake_context import Looking

OURS = "203.0.113.10"
NIC = Interface(name="eth0", up=True, addresses=(OURS,), default=(4,))


def listening(address: str) -> Listeners:
    return Listeners(sockets=(Listener(address=address, port=443, family=4),))


def attempt(failure: Failure | None, address: str = OURS) -> Connection:
    return Connection(address=address, port=443, family=4, failure=failure)


class Knocking(Looking):
    """Notes at which addresses the server was asked from within."""

    def __init__(self, *observations: Observation, outside: bool = True) -> None:
        super().__init__(LocalMachine())
        self.options = Options(outside=outside)
        self.observations = list(observations)
        self.knocked: list[str] = []

    def from_server(self, address: str) -> Any:
        self.knocked.append(address)
        return None


def told(ctx: Looking, probe: Probe, observation: Observation) -> None:
    async def work() -> None:
        await probe.work(ctx, observation)

    asyncio.run(work())


REJECTED = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")


@pytest.mark.parametrize(
    ("seen", "knocked"),
    [
        ((NIC, listening("0.0.0.0"), attempt(REJECTED)), [OURS]),
        ((NIC, listening(OURS), attempt(REJECTED)), [OURS]),
        ((NIC, listening("127.0.0.1"), attempt(REJECTED)), ["127.0.0.1"]),
        # Open to us, nothing listening, or another machine's address.
        ((NIC, listening("0.0.0.0"), attempt(None)), []),
        ((NIC, Listeners(), attempt(REJECTED)), []),
        ((NIC, listening("0.0.0.0"), attempt(REJECTED, "203.0.113.99")), []),
        # Not all is known yet.
        ((NIC, attempt(REJECTED)), []),
        ((listening("0.0.0.0"), attempt(REJECTED)), []),
        ((NIC, listening("0.0.0.0")), []),
    ],
)
def test_a_door_that_is_shut_to_us_is_knocked_at_from_within(
    seen: tuple[Observation, ...], knocked: list[str]
) -> None:
    ctx = Knocking(*seen)
    last = seen[-1] if isinstance(seen[-1], Connection) else attempt(None)
    told(ctx, server_side_entry.shut, last)
    told(ctx, server_side_entry.listening, Listeners())
    assert list(dict.fromkeys(ctx.knocked)) == knocked


def test_from_within_alone_the_servers_first_address_is_asked() -> None:
    ctx = Knocking(NIC, listening("0.0.0.0"), outside=False)
    told(ctx, server_side_entry.addressed, NIC)
    assert ctx.knocked == [OURS]


class Taking(Looking):
    """Closes what nobody takes, as a run does."""

    def emit(self, observation: Any, live_stream: Closable | None = None) -> Any:
        if live_stream is not None:
            live_stream.close()
        return super().emit(observation)


def test_what_opens_is_left_to_the_probes_that_follow() -> None:
    ctx = Taking(LocalMachine())
    ctx.net = ServerSideNet(LocalNet(), ctx.machine)

    async def enter() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            await server_side_entry._connect(ctx, "127.0.0.1", server.getsockname()[1], "target")
        await server_side_entry._connect(ctx, "127.0.0.1", 1, "plain")

    asyncio.run(enter())
    (seen,) = ctx.observations
    assert isinstance(seen, Connection)
    assert (seen.address, seen.purpose, seen.failure) == ("127.0.0.1", "target", None)
