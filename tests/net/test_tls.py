import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import trustme

from diagnose.model import Failure
from diagnose.net import tls
from diagnose.net.error_mapping import failure_of
from diagnose.net.local import LocalNet
from diagnose.net.tls import HandshakeResult, secure, send_and_receive
from tests.support.servers import tls_server
from tests.support.streams import Script

NAME = "shop.example.com"
ROOT = trustme.CA()
LEAF = ROOT.create_child_ca().issue_cert(NAME)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def server_context(leaf: trustme.LeafCert = LEAF) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(made)
    return made


def trusting() -> ssl.SSLContext:
    made = tls.client_context()
    made.verify_mode = ssl.CERT_REQUIRED
    ROOT.configure_trust(made)
    return made


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


def says(data: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(data)
        await writer.drain()

    return serve


@contextlib.asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of loopback; each connection ends with its `serve`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await serve(reader, writer)
        finally:
            writer.close()

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def shake(
    port: int, context: ssl.SSLContext, name: str | None = NAME, timeout: float = 4.0
) -> HandshakeResult:
    connected = await LocalNet().connect("127.0.0.1", port)
    assert connected.stream
    return await secure(connected.stream, context, name, timeout)


def handshake_with(
    serve: Serve,
    server: ssl.SSLContext | None,
    context: ssl.SSLContext,
    **fields: Any,
) -> HandshakeResult:
    async def go() -> HandshakeResult:
        async with serving(serve, server) as port:
            done = await shake(port, context, **fields)
            if done.stream:
                done.stream.close()
            return done

    return asyncio.run(go())


def test_one_handshake_tells_all() -> None:
    done = handshake_with(echo, server_context(), trusting())
    assert done.failure is None
    assert (done.protocol, done.verify_code, len(done.chain)) == ("TLSv1.3", 0, 2)
    assert done.cipher
    assert done.received > len(b"".join(done.chain))


def test_what_is_sent_comes_back_through_tls() -> None:
    async def go() -> bytes:
        async with serving(echo, server_context()) as port:
            done = await shake(port, trusting())
            assert done.stream
            sent, got = b"x" * 100_000, b""
            reading = asyncio.ensure_future(done.stream.read())
            await done.stream.write(sent)
            got += await reading
            while len(got) < len(sent):
                got += await done.stream.read()
            done.stream.close()
            return got

    assert asyncio.run(go()) == b"x" * 100_000


def test_the_end_of_the_stream_is_an_end() -> None:
    async def go() -> list[bytes]:
        async with serving(says(b"bye"), server_context()) as port:
            done = await shake(port, trusting())
            assert done.stream
            await done.stream.write(b"?")
            got = [await done.stream.read(), await done.stream.read()]
            done.stream.close()
            return got

    assert asyncio.run(go()) == [b"bye", b""]


@pytest.mark.parametrize("cut", [False, True])
def test_an_end_without_close_notify_is_seen(cut: bool) -> None:
    async def bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        await writer.drain()
        if cut:
            # Only the socket's direction to the client is closed, and TLS is not told.
            sock = writer.get_extra_info("socket")
            sock.shutdown(socket.SHUT_WR)
            await reader.read()

    async def go() -> bool:
        async with serving(bye, server_context()) as port:
            done = await shake(port, trusting())
            assert done.stream
            while await done.stream.read():
                assert not done.stream.is_truncated
            done.stream.close()
            return done.stream.is_truncated

    assert asyncio.run(go()) is cut


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_chain_is_known_even_where_it_is_not_trusted(version: ssl.TLSVersion) -> None:
    server = server_context()
    server.minimum_version = server.maximum_version = version
    distrusting = tls.client_context()
    distrusting.verify_mode = ssl.CERT_REQUIRED
    done = handshake_with(echo, server, distrusting)
    assert done.failure == Failure("certificate", "unable to get local issuer certificate", 20)
    assert (done.verify_code, len(done.chain)) == (20, 2)
    assert done.stream is None


def test_without_looking_at_the_certificate_no_verdict_is_given() -> None:
    done = handshake_with(echo, server_context(), tls.client_context())
    assert (done.failure, done.verify_code) == (None, None)


def test_another_name_is_no_failure_here() -> None:
    assert (
        handshake_with(echo, server_context(), trusting(), name="other.example.com").failure is None
    )


def test_an_alert_comes_with_its_number() -> None:
    server = server_context()
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    with tls_server(server) as port:
        result = asyncio.run(shake(port, tls.tls12_context()))
    assert result.failure
    assert (result.failure.kind, result.failure.code) == ("alert", 70)
    assert result.failure.name == "protocol_version"
    assert "_ssl.c" not in result.failure.message


def test_a_demand_for_a_client_certificate_is_seen_and_its_alert_too() -> None:
    server = server_context()
    server.verify_mode = ssl.CERT_REQUIRED
    ROOT.configure_trust(server)

    async def go(port: int) -> tuple[HandshakeResult, Failure]:
        done = await shake(port, trusting())
        assert done.stream
        with pytest.raises(OSError) as caught:
            await done.stream.read()
        done.stream.close()
        return done, failure_of(caught.value)

    with tls_server(server) as port:
        done, failure = asyncio.run(go(port))
    assert done.wants_client_certificate
    assert (failure.kind, failure.code, failure.name) == ("alert", 116, "certificate_required")


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_10.0\r\n", b"220 mail ESMTP\r\n"],
)
def test_what_is_no_tls_is_read_from_the_wire(said: bytes) -> None:
    done = handshake_with(says(said), None, tls.client_context())
    assert done.failure
    assert done.failure.kind == "protocol"
    assert done.first == said


def test_a_server_that_hangs_up_and_one_that_says_nothing() -> None:
    assert handshake_with(says(b""), None, tls.client_context()).failure == Failure(
        "closed", "connection closed"
    )

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    silent = handshake_with(hang, None, tls.client_context(), timeout=0.05)
    assert silent.failure == Failure("timeout", "timed out")
    assert silent.received == 0


def test_a_handshake_without_an_end_is_ended() -> None:
    hello_request = b"\x16\x03\x03\0\4" + bytes(4)
    stream = Script(*[hello_request * 4096] * 100)
    result = asyncio.run(secure(stream, tls.client_context(), None))
    assert result.failure is not None
    assert result.failure.kind == "protocol"
    assert "bytes of handshake" in result.failure.message
    assert result.received < 2**20
    assert stream.closed


def test_a_small_hello_fits_into_a_packet() -> None:
    sizes = []

    async def measure(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sizes.append(len(await reader.read(65536)))

    handshake_with(measure, None, tls.small_hello_context())
    assert sizes[0] < 1000


def holds(sign: bytes, data: bytes) -> bool:
    return sign in data


def test_bytes_are_exchanged_until_there_are_enough() -> None:
    async def go() -> list[tuple[bytes, Failure | None]]:
        async with serving(says(b"one\ntwo")) as port:
            said = []
            for sign in (b"\n", b"never"):
                connected = await LocalNet().connect("127.0.0.1", port)
                assert connected.stream
                said.append(await send_and_receive(connected.stream, b"?", partial(holds, sign)))
            return said

    first, second = asyncio.run(go())
    assert first == (b"one\ntwo", None)
    assert second == (b"one\ntwo", Failure("closed", "connection closed"))
