"""Through proxies on loopback: CONNECT and SOCKS, what they let through and how they refuse."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from diagnose.net import ConnectResult
from diagnose.net.local import LocalNet
from diagnose.net.proxy import ProxiedNet

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    running: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())
        with contextlib.suppress(OSError, EOFError):
            await handler(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        # The client has closed its end, so that each handler comes to its own.
        await asyncio.gather(*(task for task in running if task))


def answering(*parts: bytes) -> Handler:
    """A proxy that answers so, each part in a packet of its own, then echoes in capitals."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        while data := await reader.read(100):
            writer.write(data.upper())
            await writer.drain()

    return handle


asked: list[bytes] = []


def connect(handler: Handler, login: str = "", scheme: str = "http") -> tuple[ConnectResult, bytes]:
    """What comes of an attempt through that proxy, and what an open stream answers to "ping"."""

    async def run() -> tuple[ConnectResult, bytes]:
        asked.clear()
        async with serving(handler) as port:
            net = ProxiedNet(LocalNet(), f"{scheme}://{login}127.0.0.1:{port}")
            connected = await net.connect("shop.example.com", 443)
            answer = b""
            if connected.stream is not None:
                await connected.stream.write(b"ping")
                while len(answer) < 4:
                    answer += await connected.stream.read()
                connected.stream.close()
            return connected, answer

    return asyncio.run(run())


def test_a_tunnel_carries_bytes_both_ways_and_the_proxy_gets_the_name() -> None:
    connected, answer = connect(answering(b"HTTP/1.1 200 OK\r\n\r\n"))
    assert connected.failure is None
    assert answer == b"PING"
    assert asked[0].startswith(b"CONNECT shop.example.com:443 HTTP/1.1\r\n")


def test_a_head_in_several_packets_is_read_whole() -> None:
    connected, answer = connect(answering(b"HTTP/1.1 200 OK\r\n", b"Via: p\r\n", b"\r\n"))
    assert connected.failure is None
    assert answer == b"PING"


def test_what_follows_the_head_at_once_is_not_lost() -> None:
    connected, answer = connect(answering(b"HTTP/1.1 200 OK\r\n\r\nearly"))
    assert connected.failure is None
    assert answer.startswith(b"early")


def test_a_login_is_sent_and_never_shown() -> None:
    connected, _ = connect(answering(b"HTTP/1.1 407 Login\r\n\r\n"), "jo:s%40cret@")
    assert b"Proxy-Authorization: Basic am86c0BjcmV0\r\n" in asked[0]
    assert connected.failure is not None
    assert "cret" not in connected.failure.message


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (b"HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", 407, "Basic realm=x"),
        (b"HTTP/1.1 403 Filtered\r\n\r\n", 403, "HTTP 403 Filtered"),
        (b"HTTP/1.1 503 No\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n", 503, "ERR_DNS_FAIL"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", None, "no HTTP answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000, None, "no HTTP answer"),
    ],
    ids=["login", "forbidden", "dns", "not http", "without end"],
)
def test_a_refusal_is_in_the_proxys_own_words(answer: bytes, code: int | None, words: str) -> None:
    connected, _ = connect(answering(answer))
    assert connected.stream is None
    assert connected.failure is not None
    assert (connected.failure.kind, connected.failure.code) == ("proxy", code)
    assert words in connected.failure.message


def test_a_proxy_that_hangs_up_is_a_failure() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    connected, _ = connect(hang_up)
    assert connected.failure is not None
    assert connected.failure.kind == "proxy"


def test_a_proxy_that_is_not_there_is_a_failure_with_its_errno() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for scheme in ("http", "socks5"):
        net = ProxiedNet(LocalNet(), f"{scheme}://127.0.0.1:{port}")
        connected = asyncio.run(net.connect("shop.example.com", 443))
        assert connected.failure is not None
        assert connected.failure.kind == "proxy"
        assert "refused" in connected.failure.message.lower()


def socks(reply: int) -> Handler:
    """A SOCKS5 proxy (RFC 1928) without a login."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x00")
        _, _, _, kind, size = await reader.readexactly(5)
        assert kind == 3  # a name
        asked.append(await reader.readexactly(size))
        await reader.readexactly(2)
        writer.write(struct.pack("!BBBB4sH", 5, reply, 0, 1, b"\0" * 4, 0))
        while data := await reader.read(100):
            writer.write(data.upper())

    return handle


def test_a_socks_proxy_resolves_the_name_and_carries_bytes() -> None:
    connected, answer = connect(socks(0), scheme="socks5")
    assert connected.failure is None
    assert answer == b"PING"
    assert asked == [b"shop.example.com"]


def test_a_socks_proxy_says_why_not() -> None:
    connected, _ = connect(socks(4), scheme="socks5")
    assert connected.failure is not None
    assert (connected.failure.kind, connected.failure.code) == ("proxy", 4)
    assert connected.failure.name == "SOCKS"
