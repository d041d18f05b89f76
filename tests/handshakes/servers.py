"""The servers, each on a port of its own for as long as the block lasts."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from diagnose.parsers.tls import HANDSHAKE, SERVER_DONE, SERVER_HELLO

#: RFC 2409 section 6.2, "Second Oakley Group": 1024 bits.
OAKLEY_2 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22"
    "514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6"
    "F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381"
    "FFFFFFFFFFFFFFFF",
    16,
)


def dh_parameters() -> str:
    """PKCS #3 section 9: the prime and the generator 2."""
    prime = b"\x02\x81\x81\x00" + OAKLEY_2.to_bytes(128, "big")
    body = prime + b"\x02\x01\x02"
    text = base64.encodebytes(b"\x30\x81" + bytes([len(body)]) + body).decode()
    return f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n"


Answer = Callable[[H2Connection, int], None]


async def _port_of(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        word = line.decode().strip().rpartition(":")[2]
        if word.isdigit():
            return int(word)
    raise RuntimeError("the server did not start")


@asynccontextmanager
async def program(*argv: str) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield await _port_of(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def openssl(*options: str) -> "AsyncIterator[int]":
    """s_server prints "ACCEPT 127.0.0.1:PORT"."""
    return program("openssl", "s_server", "-accept", "127.0.0.1:0", "-www", *options)  # type: ignore[return-value]


def node(pem: Path, *words: str) -> "AsyncIterator[int]":
    script = Path(__file__).with_name("http2_server.js")
    return program("node", str(script), str(pem), *words)  # type: ignore[return-value]


def context(pem: Path, *alpn: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


@asynccontextmanager
async def tcp(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError):
                await serve(reader, writer)  # type: ignore[misc]
        finally:
            writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def http2(answer: Answer):  # type: ignore[no-untyped-def]
    """A server that gives this answer to each request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What an answer may not hold is what some of these send.
        config = H2Configuration(
            client_side=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        state = H2Connection(config)
        state.initiate_connection()
        writer.write(state.data_to_send())
        while data := await reader.read(65536):
            for event in state.receive_data(data):
                if isinstance(event, RequestReceived):
                    answer(state, event.stream_id or 1)
            writer.write(state.data_to_send())

    return serve


def says(status: int, body: bytes = b"ok", *fields: tuple[str, str]) -> Answer:
    def answer(state: H2Connection, stream: int) -> None:
        state.send_headers(stream, [(":status", str(status)), *fields])
        state.send_data(stream, body, end_stream=True)

    return answer


async def http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def message(kind: int, body: bytes) -> bytes:
    whole = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return bytes([HANDSHAKE, 3, 3]) + len(whole).to_bytes(2, "big") + whole


def server_hello(alpn: bytes) -> bytes:
    """TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, and a protocol that it names unasked."""
    extension = (
        b"\x00\x10" + (len(alpn) + 3).to_bytes(2, "big")
        + (len(alpn) + 1).to_bytes(2, "big") + bytes([len(alpn)]) + alpn
    )  # fmt: skip
    extensions = b"\xff\x01\x00\x01\x00" + extension
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\xc0\x2f" + b"\x00"
    return message(SERVER_HELLO, body + len(extensions).to_bytes(2, "big") + extensions)


def unasked(behind: int):  # type: ignore[no-untyped-def]
    """Names h2 to a client that did not offer it; one that did is passed on to that port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(65536)
        if b"\x02h2" not in hello:
            writer.write(server_hello(b"h2"))
            await reader.read(65536)
            return
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", behind)
        other_writer.write(hello)

        async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
                sink.close()

        await asyncio.gather(pass_on(reader, other_writer), pass_on(other_reader, writer))

    return serve


async def out_of_order(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """ServerHelloDone in the place of ServerHello."""
    await reader.read(65536)
    writer.write(message(SERVER_DONE, b""))
    await reader.read(65536)
