"""The real network, from this machine.

`IP_RECVERR` makes the kernel keep the ICMP error that ends a connection attempt, with its sender,
in the socket's error queue (ip(7)); this needs no privilege. Linux before 6.2 does so for UDP
only; there, a datagram sent after the failed attempt often gets the same error.

Three facts determine how `connect` works:

- If an error arrives while the kernel still holds the socket (a router one veth away is that
  fast), it is queued and wakes the waiter, but does not end the attempt: SO_ERROR is 0 and the
  socket is not connected. Only getpeername(2) tells whether it is connected.
- If the option stayed set, an established connection would break on errors that TCP must survive
  (RFC 1122 section 4.2.3.9). So it is cleared as soon as the connection is open.
- getaddrinfo(3) cannot be interrupted. It runs in a daemon thread, which delays neither the end
  of the run nor the end of the process.
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
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult
from diagnose.net.error_mapping import errno_failure, failure_of

# Not in every Python's socket module; values from ip(7), ipv6(7) and linux/errqueue.h.
IP_RECVERR = 11
IPV6_RECVERR = 25
SO_EE_ORIGIN_ICMP = 2
SO_EE_ORIGIN_ICMP6 = 3

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
        async with asyncio.timeout(timeout):
            return await receive(self._socket, limit)

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def close(self) -> None:
        self._socket.close()


async def receive(sock: socket.socket, limit: int) -> bytes:
    """Receive up to `limit` bytes (recv(2)); for every loop that reads.

    `loop.sock_recv` does not yield while data is available. A sender that never pauses would delay
    every deadline and signal, so this function first yields to the event loop.
    """
    await asyncio.sleep(0)
    return await asyncio.get_running_loop().sock_recv(sock, limit)


class LocalNet:
    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        started = time.monotonic()
        family_constant = socket.AF_INET if family == 4 else socket.AF_INET6
        try:
            async with asyncio.timeout(timeout):
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
            sock, sockaddr = _open_socket(address, port, socket.SOCK_STREAM, ttl)
        except OSError as error:
            return ConnectResult(time.monotonic() - started, failure=failure_of(error))
        source, stream = "", None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if mss is not None:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
            _start_connect(sock, sockaddr)
            source = _source_address(sock)
            async with asyncio.timeout(timeout):
                number, icmp = await _wait_connected(sock)
            took = time.monotonic() - started
            if number == 0:
                _report_errors(sock, False)
                stream = TcpStream(sock, (address, port))
                return ConnectResult(took, stream, source=source)
            if icmp is None and number in _BY_ICMP_ONLY:
                icmp = await _icmp_error_by_udp(address, port, ttl, number)
            on_link = _is_on_link(address, source) if icmp and icmp.local else None
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
        sock, sockaddr = _open_socket(host, int(port or 53), kind)
        with sock:
            async with asyncio.timeout(timeout):
                _start_connect(sock, sockaddr)
                if tcp:
                    return await _ask_stream(sock, query)
                return await _ask_datagram(sock, query)

    def is_mine(self, address: str) -> bool:
        return _is_mine(address)

    def way_to(self, address: str) -> ConnectResult:
        try:
            sock, sockaddr = _open_socket(address, 9, socket.SOCK_DGRAM)
            with sock:
                _start_connect(sock, sockaddr)
                return ConnectResult(0.0, source=_source_address(sock))
        except OSError as error:
            return ConnectResult(0.0, failure=failure_of(error))


def _open_socket(
    address: str, port: int, kind: socket.SocketKind, ttl: int | None = None
) -> tuple[socket.socket, Any]:
    """Return a non-blocking socket that keeps ICMP errors, and the address to connect it to.

    Raises OSError if `address` is not an address, or if no socket is left (EMFILE).
    """
    is_ipv6 = ":" in address
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    # Numeric only, so that it never blocks; it handles scopes ("fe80::1%eth0", RFC 4007).
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        # As bytes: for a str, Python would first load its IDNA tables.
        sockaddr = socket.getaddrinfo(address.encode("ascii"), port, family, kind, 0, numeric)[0][4]
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(errno.EINVAL, f"not an address: {address}") from error
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        _report_errors(sock, True)
        if ttl is not None and is_ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        elif ttl is not None:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    except BaseException:
        sock.close()
        raise
    return sock, sockaddr


def _report_errors(sock: socket.socket, enabled: bool) -> None:
    """Queue ICMP errors on the socket, or stop doing so (which also empties the queue)."""
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, int(enabled))
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, int(enabled))


def _start_connect(sock: socket.socket, sockaddr: Any) -> None:
    """Send the SYN. An exception from connect(2) here comes from this machine."""
    with contextlib.suppress(BlockingIOError):
        sock.connect(sockaddr)


async def _wait_connected(sock: socket.socket) -> tuple[int, IcmpError | None]:
    """Wait for the end of the attempt; return its errno (0 if connected) and the ICMP error."""
    while True:
        await _wait_writable(sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        queued, icmp = _queued_error(sock)
        if number or queued:
            return number or queued, icmp
        with contextlib.suppress(OSError):
            sock.getpeername()
            return 0, None


async def _wait_writable(sock: socket.socket) -> None:
    """Wait until connect(2) ends or an error is queued (epoll reports both as writable)."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sock)


async def _wait_readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)


async def _icmp_error_by_udp(
    address: str, port: int, ttl: int | None, number: int
) -> IcmpError | None:
    """Find the sender of the ICMP error that ended a TCP attempt, by means of a UDP datagram.

    For kernels that keep the sender for UDP only: a datagram to the same port may get the same
    error. Returns None if it does not get the same errno.
    """
    with contextlib.suppress(OSError, TimeoutError):
        sock, sockaddr = _open_socket(address, port, socket.SOCK_DGRAM, ttl)
        with sock:
            _start_connect(sock, sockaddr)
            sock.send(b"\0")
            async with asyncio.timeout(_UDP_ERROR_TIMEOUT):
                # An answer to this datagram is unlikely; anything that arrives ends the wait.
                await _wait_readable(sock)
            queued, icmp = _queued_error(sock)
            return icmp if queued == number else None
    return None


def _queued_error(sock: socket.socket) -> tuple[int, IcmpError | None]:
    """Return the errno of the first error in the socket's queue, and its ICMP error if any.

    (0, None) if the queue is empty. Source: ip(7), MSG_ERRQUEUE, struct sock_extended_err.
    """
    try:
        _, control, _, _ = sock.recvmsg(512, 1024, socket.MSG_ERRQUEUE)
    except OSError:
        return 0, None
    return _parse_error(control)


def _parse_error(control: Iterable[tuple[int, int, bytes]]) -> tuple[int, IcmpError | None]:
    for level, kind, data in control:
        if (level, kind) not in {(0, IP_RECVERR), (41, IPV6_RECVERR)} or len(data) < 16:
            continue
        number, origin, icmp_type, code = struct.unpack_from("=IBBB", data)
        if origin not in {SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6}:
            return number, None
        sender = _offender_address(data[16:])
        version = 6 if origin == SO_EE_ORIGIN_ICMP6 else 4
        local = not sender or _is_mine(sender)
        return number, IcmpError(version, icmp_type, code, sender, local)
    return 0, None


def _offender_address(data: bytes) -> str:
    """Convert struct sockaddr_in or sockaddr_in6 (ip(7), SO_EE_OFFENDER) to text; "" if unset."""
    family = struct.unpack_from("=H", data)[0] if len(data) >= 2 else socket.AF_UNSPEC
    if family == socket.AF_INET and len(data) >= 8:
        return socket.inet_ntoa(data[4:8]) if any(data[4:8]) else ""
    if family == socket.AF_INET6 and len(data) >= 28:
        text = socket.inet_ntop(socket.AF_INET6, data[8:24])
        scope = struct.unpack_from("=I", data, 24)[0]
        if scope and text.startswith("fe80:"):
            with contextlib.suppress(OSError):
                text += f"%{socket.if_indextoname(scope)}"
        return text
    return ""


def _source_address(sock: socket.socket) -> str:
    """Return the source address that the kernel chose, or "" if it chose none."""
    source = str(sock.getsockname()[0])
    return "" if source in {"0.0.0.0", "::"} else source


def _is_mine(address: str) -> bool:
    """Whether this machine has the address: only then is it the source of packets to itself.

    bind(2) is no reliable test: with net.ipv4.ip_nonlocal_bind it accepts any address.
    """
    with contextlib.suppress(OSError):
        sock, sockaddr = _open_socket(address, 9, socket.SOCK_DGRAM)
        with sock:
            host = str(sockaddr[0])
            if host in {"::1", "0.0.0.0", "::"} or host.startswith("127."):
                return host not in {"0.0.0.0", "::"}
            _start_connect(sock, sockaddr)
            return str(sock.getsockname()[0]) == host
    return False


def _is_on_link(address: str, source: str) -> bool:
    """Whether the route to an address has no gateway.

    For IPv4 the kernel tells (socket(7), SO_DONTROUTE). For IPv6 this compares the first 64 bits
    (RFC 4291 section 2.5.4).
    """
    if ":" in address:
        addresses = (
            socket.inet_pton(socket.AF_INET6, endpoint.partition("%")[0])
            for endpoint in (address, source)
        )
        return len({endpoint[:8] for endpoint in addresses}) == 1
    with contextlib.suppress(OSError):
        sock, sockaddr = _open_socket(address, 9, socket.SOCK_DGRAM)
        with sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            _start_connect(sock, sockaddr)
            return True
    return False


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
    number, _ = await _wait_connected(sock)
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
