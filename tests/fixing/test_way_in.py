"""Whether the administrator can still log in: by the address and port of the SSH session."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from diagnose.fixing import way_in
from diagnose.machine.local import LocalMachine


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port of this machine that belongs to the test, and is not open yet."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


def session(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(way_in, "ssh_connection", lambda: text)


def error() -> str | None:
    return asyncio.run(way_in.new_connection_error(LocalMachine()))


def test_an_open_door_is_no_error(door: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    door.listen()
    session(monkeypatch, f"192.0.2.7 50000 127.0.0.1 {door.getsockname()[1]}")
    assert error() is None


def test_a_shut_door_is_told_with_its_address(
    door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = door.getsockname()[1]
    session(monkeypatch, f"192.0.2.7 50000 127.0.0.1 {port}")
    assert (error() or "").startswith(f"sshd does not answer at 127.0.0.1 port {port}: ")


@pytest.mark.parametrize("text", ["", "192.0.2.7 50000", "192.0.2.7 50000 127.0.0.1 ssh"])
def test_without_a_session_nothing_is_tried(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session(monkeypatch, text)
    assert error() is None


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("192.0.2.7 50000 203.0.113.10 22", "192.0.2.7"),
        ("fe80::7%eth0 50000 fe80::1%eth0 22", "fe80::7"),
        ("", ""),
    ],
)
def test_the_client_has_the_address_that_the_server_sees(
    text: str, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session(monkeypatch, text)
    assert asyncio.run(way_in.client_address(LocalMachine())) == client
