import asyncio
import contextlib
import errno
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diagnose.net import local
from diagnose.net.icmp_sockets import IP_RECVERR
from diagnose.net.local import LocalNet, TcpStream

NET = LocalNet()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return port_of(server)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# connect


def test_an_open_port_gives_a_stream_of_bytes_both_ways(listener: socket.socket) -> None:
    async def talk() -> tuple[str, bytes, bytes]:
        connected = await NET.connect("127.0.0.1", port_of(listener))
        assert connected.failure is None
        assert connected.stream is not None
        accepted, _ = listener.accept()
        with accepted:
            await connected.stream.write(b"ping")
            heard = accepted.recv(4)
            accepted.sendall(b"pong")
            answer = await connected.stream.read()
        connected.stream.close()
        connected.stream.close()
        return connected.source, heard, answer

    assert asyncio.run(talk()) == ("127.0.0.1", b"ping", b"pong")


def test_a_connection_survives_icmp_errors_as_tcp_does(listener: socket.socket) -> None:
    async def option() -> int:
        connected = await NET.connect("127.0.0.1", port_of(listener))
        assert isinstance(connected.stream, local.TcpStream)
        sock = connected.stream._socket
        wanted = sock.getsockopt(socket.IPPROTO_IP, IP_RECVERR)
        connected.stream.close()
        return wanted

    assert asyncio.run(option()) == 0


def test_a_closed_port_refuses_and_no_icmp_error_says_so() -> None:
    connected = asyncio.run(NET.connect("127.0.0.1", closed_port()))
    assert connected.failure is not None
    assert connected.failure.name == "ECONNREFUSED"
    assert connected.icmp is None
    assert connected.source == "127.0.0.1"


def test_silence_is_a_timeout(listener: socket.socket) -> None:
    async def late() -> str:
        # A listener whose queue is full answers nothing.
        listener.listen(0)
        full = [await NET.connect("127.0.0.1", port_of(listener), 0.05) for _ in range(3)]
        for connected in full:
            if connected.stream:
                connected.stream.close()
        assert full[-1].failure is not None
        return full[-1].failure.kind

    assert asyncio.run(late()) == "timeout"


@pytest.mark.parametrize("address", ["shop.example.com", "", "1.2.3.4.5", "fe80::1%nowhere", "é"])
def test_what_is_no_address_is_never_looked_up(address: str) -> None:
    connected = asyncio.run(NET.connect(address, 443))
    assert connected.failure is not None
    assert connected.failure.code == errno.EINVAL


def test_no_sockets_left_is_a_failure_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    async def attempt() -> str | None:
        monkeypatch.setattr(socket, "socket", none_left)
        failure = (await NET.connect("127.0.0.1", 443)).failure
        assert failure is not None
        return failure.name

    assert asyncio.run(attempt()) == "EMFILE"


def test_a_cancelled_attempt_leaves_no_socket_open(listener: socket.socket) -> None:
    async def cancelled() -> tuple[int, int]:
        listener.listen(0)
        filling = [await NET.connect("127.0.0.1", port_of(listener), 0.05) for _ in range(2)]
        before = open_files()
        attempt = asyncio.create_task(NET.connect("127.0.0.1", port_of(listener)))
        await asyncio.sleep(0)
        attempt.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await attempt
        after = open_files()
        for connected in filling:
            if connected.stream:
                connected.stream.close()
        return before, after

    before, after = asyncio.run(cancelled())
    assert after == before


# resolve


def test_an_address_resolves_to_itself_once() -> None:
    assert asyncio.run(NET.resolve("127.0.0.1", 4)).addresses == ("127.0.0.1",)


def test_the_other_family_is_a_failure_with_its_number() -> None:
    failure = asyncio.run(NET.resolve("127.0.0.1", 6)).failure
    assert failure is not None
    assert failure.kind == "resolution"
    assert failure.code is not None
    assert failure.name is not None
    assert failure.name.startswith("EAI_")


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "x..example", "ü" * 70, "nul\0.example"])
def test_a_name_that_cannot_be_is_a_failure(name: str) -> None:
    assert asyncio.run(NET.resolve(name, 4, 2.0)).failure is not None


def test_a_resolver_that_hangs_holds_up_neither_the_run_nor_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanging, ended = threading.Event(), threading.Event()

    def hang(*_: object) -> list[Any]:
        hanging.wait(10)
        ended.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    failure = asyncio.run(NET.resolve("shop.example.com", 4, 0.01)).failure
    assert failure is not None
    assert failure.kind == "timeout"
    assert not ended.is_set()
    # And that it answers later, when nobody is there any more, harms nobody.
    hanging.set()
    assert ended.wait(10)


# is_mine


def test_loopback_is_mine_and_a_documentation_address_is_not() -> None:
    assert NET.is_mine("127.0.0.1")
    assert NET.is_mine("127.9.9.9")
    assert not NET.is_mine("203.0.113.10")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "shop.example.com", ""])
def test_what_is_no_machines_address_is_not_mine(address: str) -> None:
    assert not NET.is_mine(address)


# ask

QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
ANSWER = b"\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00"
FORGED = b"\x99\x99" + ANSWER[2:]


def serve_datagrams(*answers: bytes) -> tuple[threading.Thread, int]:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def work() -> None:
        with server:
            _, client = server.recvfrom(512)
            for answer in answers:
                server.sendto(answer, client)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, port_of(server)


def test_every_read_gives_the_loop_its_turn() -> None:
    """Also where there is always more to read: deadlines and signals have to be heard."""

    async def turns() -> int:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        counted = 0
        with ours, theirs:
            theirs.send(b"flood")
            for _ in range(5):
                asyncio.get_running_loop().call_soon(lambda: turned.append(1))
                await TcpStream(ours, ("203.0.113.10", 443)).read(1)
                counted += bool(turned)
                turned.clear()
        return counted

    turned: list[int] = []
    assert asyncio.run(turns()) == 5


def test_a_flood_of_other_answers_is_read_only_so_far() -> None:
    thread, port = serve_datagrams(*[b"xx\x80" + bytes(9)] * local._MAX_DATAGRAMS)
    with pytest.raises(OSError, match="none answers the query"):
        asyncio.run(NET.ask(f"127.0.0.1#{port}", QUERY, timeout=60))
    thread.join()


def test_only_the_answer_to_the_query_is_taken() -> None:
    thread, port = serve_datagrams(FORGED, QUERY, b"\x12\x34", ANSWER)
    assert asyncio.run(NET.ask(f"127.0.0.1#{port}", QUERY)) == ANSWER
    thread.join()


def test_a_name_server_that_is_not_there_is_an_error_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = port_of(unused)
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(NET.ask(f"127.0.0.1#{port}", QUERY))


def test_an_answer_over_tcp_comes_whole(listener: socket.socket) -> None:
    def work() -> None:
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(512)
            whole = struct.pack("!H", len(ANSWER)) + ANSWER
            accepted.sendall(whole[:5])
            accepted.sendall(whole[5:])

    thread = threading.Thread(target=work)
    thread.start()
    server = f"127.0.0.1#{port_of(listener)}"
    assert asyncio.run(NET.ask(server, QUERY, tcp=True)) == ANSWER
    thread.join()


def test_an_answer_cut_short_is_an_end_too_early(listener: socket.socket) -> None:
    def work() -> None:
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(512)
            accepted.sendall(b"\x00\x40cut")

    thread = threading.Thread(target=work)
    thread.start()
    with pytest.raises(EOFError):
        asyncio.run(NET.ask(f"127.0.0.1#{port_of(listener)}", QUERY, tcp=True))
    thread.join()


def test_nothing_is_left_open_after_a_name_server_was_silent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))

        async def asked() -> tuple[int, int]:
            before = open_files()
            with contextlib.suppress(TimeoutError):
                await NET.ask(f"127.0.0.1#{port_of(silent)}", QUERY, 0.01)
            return before, open_files()

        before, after = asyncio.run(asked())
    assert after == before


def test_the_process_knows_its_open_files() -> None:
    """What the tests above rest on."""
    before = open_files()
    descriptor = os.open("/dev/null", os.O_RDONLY)
    try:
        assert open_files() == before + 1
    finally:
        os.close(descriptor)
