"""Sockets that keep the ICMP error of a connection attempt, and what the kernel tells of routes.

`IP_RECVERR` makes the kernel keep the ICMP error that ends a connection attempt, with its sender,
in the socket's error queue (ip(7)); this needs no privilege. Linux before 6.2 does so for UDP
only; there, a datagram sent after the failed attempt often gets the same error.

Two facts determine how connecting works:

- If an error arrives while the kernel still holds the socket (a router one veth away is that
  fast), it is queued and wakes the waiter, but does not end the attempt: SO_ERROR is 0 and the
  socket is not connected. Only getpeername(2) tells whether it is connected.
- If the option stayed set, an established connection would break on errors that TCP must survive
  (RFC 1122 section 4.2.3.9). So it is cleared as soon as the connection is open.
"""

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Iterable
from typing import Any

from diagnose.model.tcp import IcmpError
from diagnose.net.deadline import peer_wait

# Not in every Python's socket module; values from ip(7), ipv6(7) and linux/errqueue.h.
IP_RECVERR = 11
IPV6_RECVERR = 25
SO_EE_ORIGIN_ICMP = 2
SO_EE_ORIGIN_ICMP6 = 3


def open_socket(
    address: str, port: int, kind: socket.SocketKind, ttl: int | None = None, source: str = ""
) -> tuple[socket.socket, Any]:
    """Return a non-blocking socket that keeps ICMP errors, and the address to connect it to.

    It is bound to the address `source`, if there is one. Raises OSError if `address` is not an
    address, if `source` is none of this machine's (EADDRNOTAVAIL) or of the other family, or if no
    socket is left (EMFILE).
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
        report_errors(sock, True)
        if ttl is not None and is_ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        elif ttl is not None:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        if source:
            sock.bind((source, 0))
    except BaseException:
        sock.close()
        raise
    return sock, sockaddr


def report_errors(sock: socket.socket, enabled: bool) -> None:
    """Queue ICMP errors on the socket, or stop doing so (which also empties the queue)."""
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, int(enabled))
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, int(enabled))


def start_connect(sock: socket.socket, sockaddr: Any) -> None:
    """Send the SYN. An exception from connect(2) here comes from this machine."""
    with contextlib.suppress(BlockingIOError):
        sock.connect(sockaddr)


async def wait_connected(sock: socket.socket) -> tuple[int, IcmpError | None]:
    """Wait for the end of the attempt; return its errno (0 if connected) and the ICMP error."""
    while True:
        await _wait_writable(sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        queued, icmp = queued_error(sock)
        if number or queued:
            return number or queued, icmp
        with contextlib.suppress(OSError):
            sock.getpeername()
            return 0, None


async def _wait_writable(sock: socket.socket) -> None:
    """Wait until connect(2) ends or an error is queued (epoll reports both as writable)."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    # By its number: selectors would write the socket's repr into an error that nobody reads.
    descriptor = sock.fileno()
    loop.add_writer(descriptor, ready.set)
    try:
        with peer_wait():
            await ready.wait()
    finally:
        loop.remove_writer(descriptor)


async def wait_readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        with peer_wait():
            await ready.wait()
    finally:
        loop.remove_reader(sock)


def queued_error(sock: socket.socket) -> tuple[int, IcmpError | None]:
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
        local = not sender or is_mine(sender)
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


def source_address(sock: socket.socket) -> str:
    """Return the source address that the kernel chose, or "" if it chose none."""
    source = str(sock.getsockname()[0])
    return "" if source in {"0.0.0.0", "::"} else source


def is_mine(address: str) -> bool:
    """Whether this machine has the address: only then is it the source of packets to itself.

    bind(2) is no reliable test: with net.ipv4.ip_nonlocal_bind it accepts any address.
    """
    with contextlib.suppress(OSError):
        sock, sockaddr = open_socket(address, 9, socket.SOCK_DGRAM)
        with sock:
            host = str(sockaddr[0])
            if host in {"::1", "0.0.0.0", "::"} or host.startswith("127."):
                return host not in {"0.0.0.0", "::"}
            start_connect(sock, sockaddr)
            return str(sock.getsockname()[0]) == host
    return False


def is_on_link(address: str, source: str) -> bool:
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
        sock, sockaddr = open_socket(address, 9, socket.SOCK_DGRAM)
        with sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            start_connect(sock, sockaddr)
            return True
    return False
