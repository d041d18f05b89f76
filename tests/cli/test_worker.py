"""`diagnose worker` as a program of its own, and what it may be asked for."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose.cli.request_parser import parse_worker
from diagnose.fleet.jetstream import Access
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.streams import prepare_tasks
from diagnose.parsers.target import UsageError
from tests.support.command_line import ENVIRONMENT, ROOT
from tests.support.nats_keys import tls_config, user_key
from tests.support.nats_server import NatsServer, needs_server

#: What a worker of the vantage paris needs, as the documentation has it. The streams exist.
PERMISSIONS = """{
  publish: ["$JS.API.CONSUMER.INFO.DIAGNOSE-TASKS.paris",
            "$JS.API.CONSUMER.MSG.NEXT.DIAGNOSE-TASKS.paris",
            "$JS.ACK.DIAGNOSE-TASKS.paris.>", "diagnose.results.paris.>"]
  subscribe: ["_INBOX.paris.>"]
}"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server with TLS, and a user for the fleet and one for a worker."""
    _, tls = tls_config(tmp_path)
    _, fleet = user_key(tmp_path, "fleet")
    _, worker = user_key(tmp_path, "worker")
    users = (
        f"authorization {{ users: [{{ nkey: {fleet} }},"
        f" {{ nkey: {worker}, permissions: {PERMISSIONS} }}] }}"
    )
    started = NatsServer(tmp_path / "server", f"{tls}\n{users}")
    started.start()
    yield started
    started.kill()


def start(server: NatsServer, folder: Path, key: str, *words: str) -> "subprocess.Popen[str]":
    argv = [
        *(sys.executable, "-m", "diagnose", *words, "--nats", f"tls://127.0.0.1:{server.port}"),
        *("--nats-creds", str(folder / f"{key}.nk"), "--nats-ca", str(folder / "ca.pem")),
    ]
    environment = {**ENVIRONMENT, "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.Popen(
        argv, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


def prepare(server: NatsServer, folder: Path) -> None:
    """Make the consumer of the vantage, as the fleet does, for the worker may not."""

    async def connect() -> None:
        access = Access(f"tls://127.0.0.1:{server.port}", *map(str, (fleet_key, root)))
        connection = Connection(access, "fleet", lambda key, facts: None)
        await connection.open()
        await prepare_tasks(await connection.jetstream(), "paris")
        await connection.close()

    fleet_key, root = folder / "fleet.nk", folder / "ca.pem"
    asyncio.run(connect())


@needs_server
def test_a_worker_needs_few_permissions_and_its_key_is_shown_nowhere(
    server: NatsServer, tmp_path: Path, shut: int
) -> None:
    prepare(server, tmp_path)
    worker = start(server, tmp_path, "worker", "worker", "--vantage-name", "paris")
    fleet = start(server, tmp_path, "fleet", "fleet", "-", "--summary", "--vantage-name", "paris")
    output, notes = fleet.communicate(f"127.0.0.1:{shut}\n", timeout=60)
    worker.send_signal(signal.SIGTERM)
    _, more = worker.communicate(timeout=60)
    assert (fleet.returncode, worker.returncode) == (2, 143)
    assert '"vantage": "paris"' in output
    assert "permit" not in more
    for name in ("fleet", "worker"):
        assert (tmp_path / f"{name}.nk").read_text().strip() not in output + notes + more


@needs_server
def test_what_a_worker_may_not_do_is_said(server: NatsServer, tmp_path: Path) -> None:
    worker = start(server, tmp_path, "worker", "worker", "--vantage-name", "paris")
    _, notes = worker.communicate(timeout=60)
    assert worker.returncode == 78
    assert "does not permit this" in notes
    assert "The stream DIAGNOSE-TASKS is not there" in notes


@needs_server
def test_a_worker_that_is_not_let_in_says_so(server: NatsServer, tmp_path: Path) -> None:
    user_key(tmp_path, "other")
    worker = start(server, tmp_path, "other", "worker")
    _, notes = worker.communicate(timeout=60)
    assert worker.returncode == 78
    assert "refuses the credentials" in notes


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "--nats"),
        (["--nats", "nats://127.0.0.1", "--allow", "a b"], "--allow"),
        (["--nats", "nats://127.0.0.1", "--server", "ssh://x"], "--server"),
        (["--nats", "nats://127.0.0.1", "--nats-creds", "/nonexistent"], "/nonexistent"),
        (["--nats", "nats://127.0.0.1", "--vantage-name", ""], "--vantage-name"),
    ],
    ids=str,
)
def test_what_cannot_be_is_a_usage_error(words: list[str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_worker(words)


def test_a_request_holds_its_place_and_its_rules() -> None:
    words = ["--nats", "tls://[2001:db8::1]:4222/", "--vantage-name", "paris", "--allow", "*.a.b"]
    request = parse_worker([*words, "--nats-creds", os.devnull])
    assert request.queue == Access("tls://[2001:db8::1]:4222", os.devnull)
    assert (request.vantage, request.policy.names) == ("paris", ("*.a.b",))
    assert (request.options.inside, request.options.server) == (False, None)
