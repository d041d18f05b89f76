"""The open files of the processes of a port that does not answer, asked of a recorded machine."""

import asyncio
import shlex

import pytest

from diagnose.model import Failure, Observation, Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.resources import FileUser, OpenDescriptors
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.probes.inside.descriptors import SCRIPT, of_application, of_handshake, of_page
from tests.support.check_evidence import REFUSED, TIMEOUT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

LISTENING = Listeners(
    vantage=Vantage.SERVER,
    sockets=tuple(Listener(address="0.0.0.0", port=port, family=4) for port in (443, 3000)),
)
CLOSED = Handshake(address="203.0.113.10", port=443, failure=Failure("closed", "closed"))
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, purpose="target",
    failure=TIMEOUT,
)  # fmt: skip
ATTEMPT = UpstreamTry(
    target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, asked=True, failure=TIMEOUT
)
WORKS = {Handshake: of_handshake, Exchange: of_page, UpstreamTry: of_application}


def look_at(*attempts: Observation) -> Looking:
    asked = {
        shlex.join(("sh", "-c", SCRIPT, "sh", port)): "37 30 24 30 - node\n"
        for port in ("443", "3000")
    }
    ctx = Looking(RecordedMachine(asked))
    ctx.emit(LISTENING)
    for attempt in attempts:
        asyncio.run(WORKS[type(attempt)].work(ctx, attempt, LISTENING))  # type: ignore[arg-type]
    return ctx


@pytest.mark.parametrize(("attempt", "port"), [(CLOSED, 443), (PAGE, 443), (ATTEMPT, 3000)])
def test_the_files_of_a_port_that_does_not_answer_are_read(attempt: Observation, port: int) -> None:
    (opened,) = look_at(attempt).observed(OpenDescriptors)
    assert (opened.port, opened.users) == (port, (FileUser(37, "node", 30, 24, 30),))


def test_once_for_a_port() -> None:
    assert len(look_at(CLOSED, PAGE).observed(OpenDescriptors)) == 1


def test_nothing_is_read_where_all_is_well_or_nothing_listens() -> None:
    good = Handshake(address="203.0.113.10", port=443)
    refused = UpstreamTry(target="x", host="127.0.0.1", port=3000, asked=True, failure=REFUSED)
    elsewhere = UpstreamTry(target="x", host="10.0.0.9", port=4000, asked=True, failure=TIMEOUT)
    assert not look_at(good, refused, elsewhere).observed(OpenDescriptors)
