"""The caller's side, against residents that do not do what they should."""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnose.processes import resident_client
from diagnose.processes.resident_client import is_private, runtime_folder, try_resident

WORDS = ["diagnose", "--json", "shop.example.com"]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "diagnose").mkdir(mode=0o700)
    return tmp_path / "diagnose"


@contextlib.contextmanager
def fake(folder: Path, behave: Callable[[socket.socket, list[int]], object]) -> Iterator[None]:
    """Run a resident that takes one request, and then does this."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / resident_client.SOCKET))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                _, files, _, _ = socket.recv_fds(connection, 200_000, 4)
                try:
                    behave(connection, files)
                    connection.recv(1)  # until the caller closes
                finally:
                    for descriptor in files:
                        os.close(descriptor)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def answer(*messages: bytes, document: bytes = b"") -> Callable[[socket.socket, list[int]], None]:
    def behave(connection: socket.socket, files: list[int]) -> None:
        os.write(files[1], document)
        for message in messages:
            connection.send(message)

    return behave


def test_the_document_and_the_status_are_passed_on(
    runtime: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with fake(runtime, answer(b"ready 5.0", b"ended 2", document=b"{}\n" * 100_000)):
        assert try_resident(WORDS) == 2
    assert capfd.readouterr().out == "{}\n" * 100_000


@pytest.mark.parametrize(
    "messages",
    [
        (b"",),
        (b"nonsense",),
        (b"ready soon",),
        (b"ready nan",),
        (b"ready 5.0", b""),
        (b"ready 5.0", b"ended"),
        (b"ready 5.0", b"ended x"),
    ],
)
def test_an_answer_that_is_none_leaves_the_work_to_the_caller(
    runtime: Path, capfd: pytest.CaptureFixture[str], messages: tuple[bytes, ...]
) -> None:
    with fake(runtime, answer(*messages, document=b"half of a docu")):
        assert try_resident(WORDS) is None
    assert capfd.readouterr().out == ""


def test_a_resident_that_hangs_is_left(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident_client, "READY_TIMEOUT", 0.05)
    with fake(runtime, answer()):
        assert try_resident(WORDS) is None


def test_a_run_that_does_not_end_is_left(runtime: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with fake(runtime, answer(b"ready 0.05", document=b"{}")):
        assert try_resident(WORDS) is None
    assert capfd.readouterr().out == ""


def test_a_resident_of_another_user_is_not_asked(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
        monkeypatch.context() as patch,
    ):
        path = str(runtime / resident_client.SOCKET)
        listener.bind(path)
        listener.listen()
        patch.setattr(os, "geteuid", lambda: 12345)
        assert resident_client._hand_over(path, WORDS) is None
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1) == b""  # and heard nothing


def test_no_socket_and_a_dead_socket(runtime: Path) -> None:
    assert try_resident(WORDS) is None
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(runtime / resident_client.SOCKET))
    assert try_resident(WORDS) is None


@pytest.mark.parametrize("word", ["--server=ssh://a", "--vantage", "--help", "--version", "-"])
def test_words_that_need_the_terminal_are_not_handed_over(runtime: Path, word: str) -> None:
    with fake_that_must_not_be_asked(runtime):
        assert try_resident([*WORDS, word]) is None


@contextlib.contextmanager
def fake_that_must_not_be_asked(folder: Path) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / resident_client.SOCKET))
        listener.listen()
        listener.setblocking(False)
        yield
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_an_environment_that_is_too_large_is_not_sent(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LARGE", "x" * resident_client.MAX_MESSAGE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(runtime / resident_client.SOCKET))
        listener.listen()
        assert try_resident(WORDS) is None


def test_only_a_folder_of_this_user_alone_is_private(runtime: Path, tmp_path: Path) -> None:
    assert is_private(str(runtime))
    runtime.chmod(0o710)
    assert not is_private(str(runtime))
    runtime.chmod(0o700)
    (tmp_path / "link").symlink_to(runtime)
    assert not is_private(str(tmp_path / "link"))
    assert not is_private(str(tmp_path / "missing"))


def test_without_the_variable_the_folder_is_that_of_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert runtime_folder() == f"/run/user/{os.geteuid()}/diagnose"


def test_variables_that_count_early_are_part_of_the_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = resident_client.identity()
    monkeypatch.setenv("UNRELATED", "1")
    assert resident_client.identity() == before
    monkeypatch.setenv("LD_PRELOAD", "/tmp/x.so")
    assert resident_client.identity() != before
    assert any(sys.executable in word for word in before)
