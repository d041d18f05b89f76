"""A TLS server on loopback that says its alerts: asyncio's drops them when a handshake fails."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator


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
