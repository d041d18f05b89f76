"""The real network, from this machine.

getaddrinfo(3) cannot be interrupted. It runs in a daemon thread, which delays neither the end of
the run nor the end of the process.
"""

import asyncio
import contextlib
import errno
import socket
import struct
import threading
import time
from collections.abc import Iterable
from typing import Any

from diagnose.model import Failure
from diagnose.model.tcp import IcmpError
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult, icmp_sockets
from diagnose.net.deadline import deadline, peer_wait
from diagnose.net.error_mapping import errno_failure, failure_of

#: Maximum seconds to wait for a datagram to get the ICMP error of the TCP attempt.
_UDP_ERROR_TIMEOUT = 1.0

#: Maximum number of datagrams read for one DNS query; late answers to other queries are few.
_MAX_DATAGRAMS = 100

#: Errors of a connection attempt that come from an ICMP error and never from a TCP segment.
_BY_ICMP_ONLY = {
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EACCES,
    errno.ENOPROTOOPT,
    errno.EHOSTDOWN,
    errno.ENONET,
    errno.EPROTO,
}


class TcpStream:
    """A connected, non-blocking socket."""

    def __init__(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        self.peer = peer
        self.is_truncated = False
        self._socket = sock

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        async with deadline(timeout):
            return await receive(self._socket, limit)

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        async with deadline(timeout):
            with peer_wait():
                await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def close(self) -> None:
        self._socket.close()


async def receive(sock: socket.socket, limit: int) -> bytes:
    """Receive up to `limit` bytes (recv(2)); for every loop that reads.

    `loop.sock_recv` does not yield while data is available. A sender that never pauses would delay
    every deadline and signal, so this function first yields to the event loop.
    """
    await asyncio.sleep(0)
    with peer_wait():
        return await asyncio.get_running_loop().sock_recv(sock, limit)


class LocalNet:
    """The network of this machine. Its sockets are bound to the address `source`, if there is
    one."""

    def __init__(self, source: str = "") -> None:
        self._source = source

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        started = time.monotonic()
        family_constant = socket.AF_INET if family == 4 else socket.AF_INET6
        try:
            async with deadline(timeout):
                addrinfo = await _getaddrinfo_in_thread(name, family_constant)
        except socket.gaierror as error:
            return ResolveResult(time.monotonic() - started, failure=_resolution_failure(error))
        except (OSError, UnicodeError) as error:
            return ResolveResult(time.monotonic() - started, failure=failure_of(error))
        return ResolveResult(time.monotonic() - started, _addresses(addrinfo))

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        started = time.monotonic()
        try:
            sock, sockaddr = self._open_socket(address, port, socket.SOCK_STREAM, ttl)
        except OSError as error:
            return ConnectResult(time.monotonic() - started, failure=failure_of(error))
        source, stream = "", None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if mss is not None:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
            icmp_sockets.start_connect(sock, sockaddr)
            source = icmp_sockets.source_address(sock)
            async with deadline(timeout):
                number, icmp = await icmp_sockets.wait_connected(sock)
            took = time.monotonic() - started
            if number == 0:
                icmp_sockets.report_errors(sock, False)
                stream = TcpStream(sock, (address, port))
                return ConnectResult(took, stream, source=source)
            if icmp is None and number in _BY_ICMP_ONLY:
                icmp = await self._icmp_error_by_udp(address, port, ttl, number)
            on_link = icmp_sockets.is_on_link(address, source) if icmp and icmp.local else None
            failure = errno_failure(number)
            return ConnectResult(took, failure=failure, icmp=icmp, source=source, on_link=on_link)
        except (OSError, TimeoutError) as error:
            return ConnectResult(
                time.monotonic() - started, failure=failure_of(error), source=source
            )
        finally:
            if stream is None:
                sock.close()

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        host, _, port = server.partition("#")
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        sock, sockaddr = self._open_socket(host, int(port or 53), kind)
        with sock:
            async with deadline(timeout):
                icmp_sockets.start_connect(sock, sockaddr)
                if tcp:
                    return await _ask_stream(sock, query)
                return await _ask_datagram(sock, query)

    def is_mine(self, address: str) -> bool:
        return icmp_sockets.is_mine(address)

    def way_to(self, address: str) -> ConnectResult:
        try:
            sock, sockaddr = self._open_socket(address, 9, socket.SOCK_DGRAM)
            with sock:
                icmp_sockets.start_connect(sock, sockaddr)
                return ConnectResult(0.0, source=icmp_sockets.source_address(sock))
        except OSError as error:
            return ConnectResult(0.0, failure=failure_of(error))

    async def _icmp_error_by_udp(
        self, address: str, port: int, ttl: int | None, number: int
    ) -> IcmpError | None:
        """Find the sender of the ICMP error that ended a TCP attempt, by means of a UDP datagram.

        For kernels that keep the sender for UDP only: a datagram to the same port may get the same
        error. Returns None if it does not get the same errno.
        """
        with contextlib.suppress(OSError, TimeoutError):
            sock, sockaddr = self._open_socket(address, port, socket.SOCK_DGRAM, ttl)
            with sock:
                icmp_sockets.start_connect(sock, sockaddr)
                sock.send(b"\0")
                async with deadline(_UDP_ERROR_TIMEOUT):
                    # An answer to this datagram is unlikely; anything that arrives ends the wait.
                    await icmp_sockets.wait_readable(sock)
                queued, icmp = icmp_sockets.queued_error(sock)
                return icmp if queued == number else None
        return None

    def _open_socket(
        self, address: str, port: int, kind: socket.SocketKind, ttl: int | None = None
    ) -> tuple[socket.socket, Any]:
        return icmp_sockets.open_socket(address, port, kind, ttl, self._source)


async def _getaddrinfo_in_thread(name: str, kind: socket.AddressFamily) -> list[Any]:
    """Run getaddrinfo(3) in a daemon thread; cancelling abandons the thread.

    The loop's executor is not used: asyncio.run and the interpreter wait for its threads.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(addrinfo: list[Any] | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(addrinfo or [])
        else:
            answer.set_exception(error)

    def work() -> None:
        addrinfo, failure = None, None
        try:
            host = name.encode("ascii") if name.isascii() else name
            addrinfo = socket.getaddrinfo(host, None, kind, socket.SOCK_STREAM)
        except Exception as error:
            failure = error
        # The loop may be closed by now; then the result is not needed.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, addrinfo, failure)

    threading.Thread(target=work, name=f"resolve {name}", daemon=True).start()
    return await answer


def _addresses(addrinfo: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in addrinfo))


def _resolution_failure(error: socket.gaierror) -> Failure:
    number = error.errno or 0
    names = (name for name in vars(socket) if name.startswith("EAI_"))
    error_name = next((name for name in names if getattr(socket, name) == number), None)
    return Failure("resolution", error.strerror or str(error), number, error_name)


async def _ask_datagram(sock: socket.socket, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, query)
    for _ in range(_MAX_DATAGRAMS):
        answer = await receive(sock, 65535)
        # Any other answer is late, or a forgery (RFC 5452 section 9.1).
        if len(answer) >= 12 and answer[:2] == query[:2] and answer[2] & 0x80:
            return answer
    raise OSError(errno.EBADMSG, f"{_MAX_DATAGRAMS} datagrams, and none answers the query")


async def _ask_stream(sock: socket.socket, query: bytes) -> bytes:
    """Send a query over TCP: each message follows its two-byte length (RFC 1035 section 4.2.2)."""
    number, _ = await icmp_sockets.wait_connected(sock)
    if number:
        raise OSError(number, errno_failure(number).message)
    await asyncio.get_running_loop().sock_sendall(sock, struct.pack("!H", len(query)) + query)
    size = struct.unpack("!H", await _exactly(sock, 2))[0]
    return await _exactly(sock, size)


async def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = await receive(sock, size - len(data))
        if not chunk:
            raise EOFError("connection closed in the middle of an answer")
        data += chunk
    return data
