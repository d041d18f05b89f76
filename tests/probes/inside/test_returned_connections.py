"""A connection to the router's address, and where it came back to."""

import asyncio
import shlex
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure, Vantage
from diagnose.model.server import Interface
from diagnose.model.tcp import ReturnedConnection
from diagnose.model.tls import Handshake
from diagnose.probes.inside.returned_connections import PATIENCE, SCRIPT, after_the_handshake
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.tls_evidence import shake

ROUTER, OWN = "198.51.100.1", "192.168.1.10"
ASKED = ("timeout", PATIENCE, "bash", "-c", SCRIPT, "bash", ROUTER, "443")
LISTED = f"@ open\n0 0 {OWN}:45678 {ROUTER}:443\n0 0 {OWN}:8123 192.168.1.1:45678\n"
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(OWN,))
PLAIN = Failure("protocol", "wrong version number")


def look(handshake: Handshake, via: str = "local") -> tuple[ReturnedConnection, ...]:
    machine: Any = RecordedMachine({shlex.join(ASKED): CommandResult(ASKED, 0, LISTED, "", 0.0)})
    machine.via = via
    looking: Any = Looking(machine)
    nic = looking.emit(NIC)

    async def work() -> None:
        await after_the_handshake.work(looking, handshake, nic)
        await after_the_handshake.work(looking, handshake, nic)

    asyncio.run(work())
    return tuple(looking.observed(ReturnedConnection))


@pytest.mark.parametrize("via", ["local", "ssh://web"])
def test_the_connection_is_seen_once_where_it_came_back(via: str) -> None:
    """The server opens it, also where another machine asks."""
    (returned,) = look(shake(address=ROUTER, failure=PLAIN), via)
    assert (returned.own_address, returned.own_port) == (OWN, 8123)
    assert (returned.address, returned.port) == (ROUTER, 443)


@pytest.mark.parametrize(
    "handshake",
    [shake(address=ROUTER), shake(address=OWN, failure=PLAIN)],
    ids=["it works", "its own address"],
)
def test_no_connection_is_made_otherwise(handshake: Handshake) -> None:
    assert not look(handshake)
