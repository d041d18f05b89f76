"""The processes of a port that does not answer, asked of a recorded machine."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.model import Observation, Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import UpstreamTry
from diagnose.model.processes import Holder, PortHolders
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside.port_holders import SCRIPT, of_application, of_page, of_websocket
from tests.support.check_evidence import REFUSED, TIMEOUT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

LISTENING = Listeners(
    vantage=Vantage.SERVER,
    sockets=tuple(Listener(address="0.0.0.0", port=port, family=4) for port in (443, 3000)),
)
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, purpose="target",
    failure=TIMEOUT,
)  # fmt: skip
ATTEMPT = UpstreamTry(
    target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, asked=True, failure=TIMEOUT
)
HANDSHAKE = Upgrade(
    path="/ws", url="ws://shop.example.com/ws", address="127.0.0.1", port=3000,
    through="application", failure=TIMEOUT,
)  # fmt: skip
STOPPED = (Holder(37, "node", "T"),)


def asked(port: int) -> str:
    return shlex.join(("sh", "-c", SCRIPT, "sh", str(port)))


def recorded() -> RecordedMachine:
    return RecordedMachine({asked(443): "37 (node) T 1\n", asked(3000): "37 (node) T 1\n"})


def look_at(*attempts: Observation, machine: RecordedMachine | None = None) -> Looking:
    machine = machine or recorded()
    ctx = Looking(machine)
    ctx.emit(LISTENING)
    works = {Exchange: of_page, UpstreamTry: of_application, Upgrade: of_websocket}
    for attempt in attempts:
        asyncio.run(works[type(attempt)].work(ctx, attempt, LISTENING))  # type: ignore[arg-type]
    return ctx


@pytest.mark.parametrize(("attempt", "port"), [(PAGE, 443), (ATTEMPT, 3000), (HANDSHAKE, 3000)])
def test_the_holders_of_a_silent_port_are_read(attempt: Observation, port: int) -> None:
    (holding,) = look_at(attempt).observed(PortHolders)
    assert (holding.port, holding.holders) == (port, STOPPED)


@pytest.mark.parametrize(
    "attempt",
    [
        replace(PAGE, failure=REFUSED),
        replace(PAGE, failure=None, status=200),
        replace(ATTEMPT, port=4000),
        replace(HANDSHAKE, through="front"),
    ],
)
def test_a_port_that_answers_or_that_nobody_holds_is_left_alone(attempt: Observation) -> None:
    machine = recorded()
    assert not look_at(attempt, machine=machine).observed(PortHolders)
    assert machine.commands_run == []


def test_a_port_is_read_once() -> None:
    assert len(look_at(ATTEMPT, ATTEMPT, HANDSHAKE).observed(PortHolders)) == 1
