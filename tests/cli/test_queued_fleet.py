"""`diagnose fleet --nats` and `diagnose worker` as programs of their own, with a real server."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from diagnose.cli.request_parser import parse_fleet
from diagnose.cli.schemas import lines_schema
from diagnose.fleet.jetstream import Access, streams
from diagnose.fleet.jetstream.connection import Connection
from diagnose.parsers.target import UsageError
from tests.support.command_line import ENVIRONMENT, ROOT
from tests.support.effort import ALL
from tests.support.nats_server import NatsServer, needs_server

URL = "nats://127.0.0.1:4222"


class Machines:
    """The programs of a test, which end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.server = folder, NatsServer(folder / "server")
        self.server.start()
        self.output = folder / "out"
        self.output.touch()
        self.programs: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str, output: Path | None = None) -> "subprocess.Popen[bytes]":
        environment = {**ENVIRONMENT, "XDG_STATE_HOME": str(self.folder / "state")}
        argv = [sys.executable, "-m", "diagnose", *words, "--nats", self.server.url]
        with (output or Path(os.devnull)).open("ab") as stdout:
            program = subprocess.Popen(
                argv, cwd=ROOT, env=environment, stdout=stdout, stderr=subprocess.PIPE
            )
        self.programs.append(program)
        return program

    def worker(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a worker, and wait until it is ready."""
        program = self.start("worker", *words)
        assert program.stderr is not None
        assert b"Connected to" in program.stderr.readline()
        return program

    def fleet(self, *words: str) -> "subprocess.Popen[bytes]":
        return self.start("fleet", str(self.folder / "list"), *words, output=self.output)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        lines = map(json.loads, self.output.read_text("utf-8").splitlines())
        return [line for line in lines if line["type"] == kind]

    def close(self) -> None:
        for program in self.programs:
            end(program, signal.SIGKILL)
        self.server.kill()


def end(program: "subprocess.Popen[bytes]", signal_number: int) -> int:
    program.send_signal(signal_number)
    program.communicate(timeout=60)
    return program.returncode


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    started = Machines(tmp_path)
    yield started
    started.close()


def write_list(folder: Path, targets: Sequence[str]) -> None:
    (folder / "list").write_text("\n".join(targets))


@needs_server
def test_two_vantages_are_compared_and_the_lines_keep_the_schema(
    machines: Machines, shut: int
) -> None:
    write_list(machines.folder, [f"127.0.0.1:{shut}", "no target"])
    machines.worker("--vantage-name", "paris")
    machines.worker("--vantage-name", "tokyo", "--allow", "192.0.2.0/24")
    fleet = machines.fleet("--vantage-name", "paris", "--vantage-name", "tokyo")
    fleet.communicate(timeout=60)
    assert fleet.returncode == 3  # what a worker refuses is unknown
    (comparison,) = machines.lines("comparison")
    paris, tokyo = comparison["vantages"]
    assert (paris["type"], paris["vantage"]) == ("report", "paris")
    assert (tokyo["type"], tokyo["vantage"]) == ("error", "tokyo")
    assert "not in an allowed network" in tokyo["message"]
    (group,) = machines.lines("group")
    assert group["check"] == "tcp.refused"
    (summary,) = machines.lines("summary")
    assert summary["verdicts"] == {"unknown": 1, "usage": 1}
    validator = jsonschema.Draft202012Validator(json.loads(lines_schema()))
    for line in machines.output.read_text("utf-8").splitlines():
        validator.validate(json.loads(line))
    assert not list((machines.folder / "state" / "diagnose" / "fleet").glob("*"))


@needs_server
def test_a_worker_ends_by_a_signal_and_gives_its_target_back(machines: Machines, shut: int) -> None:
    write_list(machines.folder, [f"127.0.0.1:{shut}"])
    assert end(machines.worker(), signal.SIGTERM) == 143
    assert end(machines.worker(), signal.SIGINT) == 130
    fleet = machines.fleet("--summary")
    machines.worker()
    fleet.communicate(timeout=60)
    assert fleet.returncode == 2
    (verdict,) = machines.lines("verdict")
    assert verdict["vantage"] == "default"


def give_soon_to_another(server: NatsServer) -> None:
    """Make the consumer as an administrator would who has only quick targets."""

    async def prepare() -> None:
        connection = Connection(Access(server.url), "test", lambda key, facts: None)
        await connection.open()
        await streams.prepare_tasks(await connection.jetstream(), "default")
        await connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "ACK_WAIT", 2.0)
        asyncio.run(prepare())


@needs_server
def test_killed_again_and_again_it_loses_and_repeats_nothing(machines: Machines, shut: int) -> None:
    """Workers, the server, and the fleet itself, each at another moment."""
    give_soon_to_another(machines.server)
    # So few in a second that the end of the list is far when something is killed.
    count, kills, rate = (5000, 20, 50) if ALL else (90, 4, 20)
    targets = [f"http://127.0.{n >> 8}.{n & 255}:{shut}/" for n in range(1, 1 + count)]
    write_list(machines.folder, targets)
    workers = [machines.worker() for _ in range(2)]
    chance = random.Random(1)
    journal = str(machines.folder / "journal")
    words = ("--summary", "--resume", "--journal", journal, "--rate", str(rate))
    fleet = machines.fleet(*words)
    for number in range(kills):
        wait_for_lines(machines, fleet, (number + 1) * count // (kills + 2))
        if number % 4 == 0:
            machines.server.kill()
            machines.server.start()
        elif number % 4 == 2:
            end(fleet, signal.SIGKILL)
            fleet = machines.fleet(*words)
        else:
            victim = chance.randrange(len(workers))
            end(workers[victim], signal.SIGKILL)
            workers[victim] = machines.worker()
    fleet.communicate(timeout=600)
    assert fleet.returncode == 2
    finished = Counter(line["target"]["url"] for line in machines.lines("verdict"))
    assert finished == Counter(targets)
    assert machines.lines("summary")[-1]["verdicts"] == {"critical": count}


def wait_for_lines(machines: Machines, fleet: "subprocess.Popen[bytes]", count: int) -> None:
    """Wait until so many lines are written, or the fleet has ended."""
    while machines.output.read_bytes().count(b"\n") < count and fleet.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            fleet.wait(0.01)


@needs_server
def test_a_server_that_is_away_is_no_usage_error(machines: Machines, shut: int) -> None:
    write_list(machines.folder, [f"127.0.0.1:{shut}"])
    machines.server.kill()
    for program in (machines.fleet(), machines.start("worker")):
        _, notes = program.communicate(timeout=60)
        assert program.returncode == 3
        assert b"cannot be reached" in notes
        assert b"Traceback" not in notes


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--nats", "tls://user:secret@nats.example.net"], "--nats-creds FILE"),
        (["--nats", "nats://nats.example.net"], "does not encrypt"),
        (["--nats", "http://nats.example.net"], "tls://HOST:PORT"),
        (["--nats", URL, "--header", "Authorization: secret"], "--header"),
        (["--nats", URL, "--proxy", "http://127.0.0.1:1"], "--proxy"),
        (["--nats", URL, "--server", "ssh://root@web1"], "--server"),
        (["--nats", URL, "--origin-address", "192.0.2.1"], "--origin-address"),
        (["--nats", URL, "--vantage-name", "a.b"], "letters, digits"),
        (["--nats", URL, "--nats-ca", "/dev/null"], "tls://HOST:PORT"),
        (["--nats-creds", "/dev/null"], "--nats URL"),
        (["--vantage-name", "paris"], "--nats URL"),
    ],
    ids=str,
)
def test_what_cannot_be_is_a_usage_error_without_a_secret(words: list[str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as raised:
        parse_fleet(["list", *words])
    assert "secret" not in str(raised.value)


def test_each_vantage_is_named_once() -> None:
    words = ["list", "--nats", URL, "--vantage-name", "a", "--vantage-name", "a"]
    request = parse_fleet(words)
    assert request is not None
    assert (request.vantages, request.queue) == (("a",), Access(URL))
    default = parse_fleet(["list", "--nats", URL])
    assert default is not None
    assert default.vantages == ("default",)
