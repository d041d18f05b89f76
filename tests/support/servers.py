"""Servers on loopback. That of TLS says its alerts: asyncio's drops them when a handshake fails."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator

from websockets.asyncio.server import ServerConnection, serve


@contextlib.contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """Its port. It does the handshake, and then reads until the other end closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []
        accepting = threading.Thread(target=_accept, args=(listener, context, threads))
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join()


def _accept(
    listener: socket.socket, context: ssl.SSLContext, threads: list[threading.Thread]
) -> None:
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            sock.settimeout(5)
            thread = threading.Thread(target=_serve, args=(sock, context))
            threads.append(thread)
            thread.start()


def _serve(sock: socket.socket, context: ssl.SSLContext) -> None:
    with sock, contextlib.suppress(OSError), context.wrap_socket(sock, server_side=True) as tls:
        while tls.recv(65536):
            pass


@contextlib.asynccontextmanager
async def websocket_application() -> AsyncIterator[int]:
    """A WebSocket application; its port."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@contextlib.asynccontextmanager
async def refusing_application() -> AsyncIterator[int]:
    """An application that answers each request with 404; its port."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
