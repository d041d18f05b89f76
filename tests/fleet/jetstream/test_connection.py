"""Connections to real servers: what is refused is said, and the wrong one gets nothing secret."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose.fleet.jetstream import Access, QueueError
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import TASKS, TaskId, target_digest
from diagnose.fleet.jetstream.streams import prepare_tasks
from tests.support.nats_keys import signed_credentials, tls_config, user_key
from tests.support.nats_server import NatsServer, needs_server

ID = TaskId("paris", "0123456789abcdef", target_digest("a"))


def ignore(key: str, facts: dict[str, str]) -> None: ...


def refusal(access: Access) -> QueueError:
    """Return why no connection comes about."""

    async def connect() -> None:
        await Connection(access, "test", ignore).open()

    with pytest.raises(QueueError) as raised:
        asyncio.run(connect())
    return raised.value


def connects(access: Access) -> bool:
    async def connect() -> bool:
        connection = Connection(access, "test", ignore)
        await connection.open()
        is_connected = (await connection.client()).is_connected
        await connection.close()
        return is_connected

    return asyncio.run(connect())


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        error = refusal(Access(f"nats://127.0.0.1:{held.getsockname()[1]}"))
    assert (error.key, error.is_configuration) == ("nats.unreachable", False)
    assert "refused" in error.facts["reason"].lower()


def test_a_port_that_speaks_something_else_is_no_server() -> None:
    async def connect() -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SSH-2.0-x\r\n")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
            port = other.sockets[0].getsockname()[1]
            with pytest.raises(QueueError) as raised:
                await Connection(Access(f"nats://127.0.0.1:{port}"), "test", ignore).open()
        return raised.value.key

    assert asyncio.run(connect()) == "nats.unreachable"


def test_without_tls_nothing_is_sent_to_a_server_that_must_have_it(tmp_path: Path) -> None:
    path, _ = user_key(tmp_path, "user")

    async def connect() -> bytes:
        received = b""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal received
            # As any server could say, also one that is not the right one.
            writer.write(b'INFO {"auth_required":true,"nonce":"abc","max_payload":1000000}\r\n')
            received = await reader.read()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
            port = other.sockets[0].getsockname()[1]
            access = Access(f"tls://127.0.0.1:{port}", str(path))
            with pytest.raises(QueueError) as raised:
                await Connection(access, "test", ignore).open()
        assert raised.value.key == "nats.no-tls"
        return received

    assert asyncio.run(connect()) == b""


@needs_server
def test_a_server_without_jetstream_is_named(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "server", jetstream=False)
    server.start()

    async def prepare() -> str:
        connection = Connection(Access(server.url), "test", ignore)
        await connection.open()
        with pytest.raises(QueueError) as raised:
            await prepare_tasks(await connection.jetstream(), "paris")
        await connection.close()
        return raised.value.key

    assert asyncio.run(prepare()) == "nats.no-jetstream"
    server.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def closed_server(folder: Path) -> Iterator[NatsServer]:
    """A server with TLS that lets one key in."""
    _, public = user_key(folder, "right")
    _, tls = tls_config(folder)
    users = f"authorization {{ users: [{{ nkey: {public} }}] }}"
    server = NatsServer(folder / "server", f"{tls}\n{users}")
    server.start()
    yield server
    server.kill()


def access(server: NatsServer, key: Path | None, root: Path | None) -> Access:
    url = f"tls://127.0.0.1:{server.port}"
    return Access(url, str(key) if key else None, str(root) if root else None)


@needs_server
def test_the_right_key_is_let_in(closed_server: NatsServer, folder: Path) -> None:
    assert connects(access(closed_server, folder / "right.nk", folder / "ca.pem"))


@needs_server
def test_another_key_and_none_are_refused(closed_server: NatsServer, folder: Path) -> None:
    other, _ = user_key(folder, "other")
    for key in (other, None):
        error = refusal(access(closed_server, key, folder / "ca.pem"))
        assert (error.key, error.is_configuration) == ("nats.denied", True)


@needs_server
def test_a_file_without_credentials_is_named_and_not_shown(
    closed_server: NatsServer, folder: Path
) -> None:
    broken = folder / "broken.creds"
    broken.write_text("-----BEGIN NATS USER JWT-----\nsecret\n")
    error = refusal(access(closed_server, broken, folder / "ca.pem"))
    assert (error.key, error.facts) == ("nats.credentials", {"path": str(broken)})


@needs_server
def test_an_unknown_root_is_not_trusted(closed_server: NatsServer, folder: Path) -> None:
    error = refusal(access(closed_server, folder / "right.nk", None))
    assert (error.key, error.is_configuration) == ("nats.not-trusted", True)


@needs_server
def test_a_creds_file_is_let_in_and_no_other_one(tmp_path: Path) -> None:
    for name in ("ours", "other"):
        (tmp_path / name).mkdir()
    path, config = signed_credentials(tmp_path / "ours")
    other, _ = signed_credentials(tmp_path / "other")
    server = NatsServer(tmp_path / "server", config, jetstream=False)
    server.start()
    assert connects(Access(server.url, str(path)))
    assert refusal(Access(server.url, str(other))).key == "nats.denied"
    server.kill()


@needs_server
def test_a_message_is_stored_once_though_the_server_is_killed(server: NatsServer) -> None:
    async def store() -> int:
        connection = Connection(Access(server.url), "test", ignore)
        await connection.open()
        await prepare_tasks(await connection.jetstream(), "paris")
        await connection.store(ID.task_subject, b"{}", ID.message_id)
        server.kill()
        again = asyncio.ensure_future(connection.store(ID.task_subject, b"{}", ID.message_id))
        await asyncio.to_thread(server.start)
        await again
        info = await (await connection.jetstream()).stream_info(TASKS)
        await connection.close()
        return info.state.messages

    assert asyncio.run(store()) == 1
