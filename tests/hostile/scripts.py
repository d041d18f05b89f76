"""What a hostile server does with a connection: a script of steps, and the steps it is made of."""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: Bytes that one connection sends at the most: a flood goes on until the client closes, or to here.
FLOOD = 256 << 20

#: What a step does with a connection.
Step = Callable[[socket.socket], None]


def send(data: bytes) -> Step:
    return lambda connection: connection.sendall(data)


def flood(data: bytes) -> Step:
    """The same again and again, without a pause."""

    def work(connection: socket.socket) -> None:
        block = data * max(65536 // len(data), 1)
        for _ in range(FLOOD // len(block)):
            connection.sendall(block)

    return work


def drip(data: bytes) -> Step:
    """One byte a packet."""

    def work(connection: socket.socket) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])

    return work


def hang(connection: socket.socket) -> None:
    """Say nothing more, and wait until the client goes."""
    while connection.recv(65536):
        pass


def reset(connection: socket.socket) -> None:
    """Close with RST (socket(7), SO_LINGER of no seconds)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def request(connection: socket.socket) -> None:
    """Read a request to the end of its header."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 65536:
        data = connection.recv(65536)
        if not data:
            break
        head += data


def hello(connection: socket.socket) -> None:
    """Read what comes first: a ClientHello."""
    connection.recv(65536)


@dataclass(frozen=True)
class Server:
    """One hostile server. `tls`: its script is spoken inside TLS, with a certificate that is in
    order. `kind`: "http", "websocket" or "dns", which says how it is looked at."""

    name: str
    script: tuple[Step, ...] = ()
    tls: bool = False
    kind: str = "http"
    #: Of a name server: the datagrams with which it answers a query.
    answers: Callable[[bytes], Iterator[bytes]] | None = field(default=None, compare=False)

    def serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            for step in self.script:
                step(connection)
