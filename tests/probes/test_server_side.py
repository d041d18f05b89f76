"""The run from the server's side, beside a run that only writes down what it is given."""

from typing import Any

from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Observation, Vantage
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.local import LocalNet
from diagnose.probes import Closable
from diagnose.probes.server_side import ServerSideRun
from tests.support.fake_context import Looking

OPEN = Connection(address="203.0.113.10", port=443, family=4)


class Stream:
    def close(self) -> None: ...


class FakeRun(Looking):
    def __init__(self) -> None:
        super().__init__(LocalMachine())
        self.net = LocalNet()
        self.tasks: list[str] = []
        self.streams: dict[int, Closable] = {}

    def create_task(self, name: str, work: Any) -> None:
        work.close()
        self.tasks.append(name)

    def offer_stream(self, observation: Observation, stream: Closable) -> None:
        self.streams[id(observation)] = stream


def test_a_connection_of_the_server_is_no_evidence_and_starts_the_next_probes() -> None:
    run, stream = FakeRun(), Stream()
    side = ServerSideRun(run)
    connection = side.emit(OPEN, live_stream=stream)
    assert connection.vantage is Vantage.SERVER
    assert side.observed(Connection) == (connection,)
    assert run.observations == []
    assert run.streams == {id(connection): stream}
    assert "outside.tls.handshake" in run.tasks


def test_what_the_server_was_answered_is_evidence_with_its_vantage() -> None:
    run = FakeRun()
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
    ServerSideRun(run).emit(page)
    (observation,) = run.observations
    assert observation.vantage is Vantage.SERVER


def test_a_silent_handshake_of_the_server_is_no_evidence() -> None:
    run = FakeRun()
    failure = Failure("timeout", "timed out")
    side = ServerSideRun(run)
    silent = side.emit(Handshake(address="203.0.113.10", port=443, failure=failure))
    assert silent.is_silent
    assert run.observations == []


def test_each_address_is_entered_once() -> None:
    side = ServerSideRun(FakeRun())
    assert side.register_address("127.0.0.1")
    assert not side.register_address("127.0.0.1")
    assert side.from_server("127.0.0.1") is None
