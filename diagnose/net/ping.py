"""One ICMP echo request and its reply (RFC 792, RFC 4443 section 4).

The kernel gives an unprivileged socket to groups in net.ipv4.ping_group_range (icmp(7)); a raw one
needs CAP_NET_RAW (raw(7)).
"""

import asyncio
import contextlib
import os
import socket
import struct
import time

from diagnose.model.frozen import frozen
from diagnose.net import icmp_sockets

#: ip(7): never fragment, and tell the TTL of what arrives. Not in every Python's socket module.
_IP_MTU_DISCOVER, _IP_PMTUDISC_DO, _IP_RECVTTL = 10, 2, 12

_ECHO_REQUEST = {4: 8, 6: 128}
_ECHO_REPLY = {4: 0, 6: 129}


@frozen
class EchoRequest:
    """`size` is that of the payload in bytes. `ttl` is the hop limit, None for the system's.
    `source` is the address that sends it, "" for the system's choice."""

    address: str
    size: int = 28
    ttl: int | None = None
    dont_fragment: bool = False
    source: str = ""

    @property
    def family(self) -> int:
        return 6 if ":" in self.address else 4


@frozen
class EchoReply:
    """`setup` and `took` are in seconds: to get the socket, and until the reply. `hop_limit` is
    that of the reply, None if the kernel does not tell."""

    setup: float
    took: float
    hop_limit: int | None


async def ping(request: EchoRequest, timeout: float) -> EchoReply:
    """Send one request and wait for its reply. Raise OSError if no socket is permitted or nothing
    can be sent, TimeoutError without a reply."""
    started = time.monotonic()
    sock, is_raw = _open_socket(request)
    with sock:
        _set_options(sock, request)
        mark = os.urandom(16)
        packet = _packet(request, (mark * (request.size // 16 + 1))[: request.size])
        sent = time.monotonic()
        sock.sendto(packet, (request.address, 0))
        async with asyncio.timeout(timeout):
            hop_limit = await _receive(sock, request, packet, is_raw)
        return EchoReply(sent - started, time.monotonic() - sent, hop_limit)


def _open_socket(request: EchoRequest) -> tuple[socket.socket, bool]:
    """Return a socket, and whether it is raw."""
    is_ipv6 = request.family == 6
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if is_ipv6 else socket.IPPROTO_ICMP
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(family, kind, protocol), kind is socket.SOCK_RAW
        except PermissionError:
            if kind is socket.SOCK_RAW:
                raise
    raise AssertionError("unreachable")


def _set_options(sock: socket.socket, request: EchoRequest) -> None:
    sock.setblocking(False)
    if request.source:
        sock.bind((request.source, 0))
    if request.family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        if request.ttl is not None:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, request.ttl)
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
    if request.ttl is not None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, request.ttl)
    if request.dont_fragment:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO)


def _packet(request: EchoRequest, payload: bytes) -> bytes:
    kind = _ECHO_REQUEST[request.family]
    identifier, sequence = struct.unpack("!HH", os.urandom(4))
    unsummed = struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + payload
    # For ICMPv6 the kernel computes the checksum (RFC 3542 section 3.1).
    total = checksum(unsummed) if request.family == 4 else 0
    return struct.pack("!BBHHH", kind, 0, total, identifier, sequence) + payload


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


async def _receive(
    sock: socket.socket, request: EchoRequest, packet: bytes, is_raw: bool
) -> int | None:
    """Wait for the reply to a packet. A raw socket receives the replies of others too."""
    while True:
        await icmp_sockets.wait_readable(sock)
        with contextlib.suppress(BlockingIOError):
            data, control, _, sender = sock.recvmsg(65535, 256)
            if is_raw and request.family == 4:
                data = data[(data[0] & 15) * 4 :] if data else b""
            is_sender = str(sender[0]).partition("%")[0] == request.address.partition("%")[0]
            if is_sender and _is_reply(data, request, packet, is_raw):
                return _hop_limit(control)


def _is_reply(data: bytes, request: EchoRequest, packet: bytes, is_raw: bool) -> bool:
    """An unprivileged socket has an identifier of its own, so only a raw one's is compared."""
    start = 4 if is_raw else 6
    return data[:1] == bytes([_ECHO_REPLY[request.family]]) and data[start:] == packet[start:]


def _hop_limit(control: list[tuple[int, int, bytes]]) -> int | None:
    message_types = {
        (socket.IPPROTO_IP, socket.IP_TTL),
        (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT),
    }
    for level, kind, data in control:
        if (level, kind) in message_types and len(data) >= 4:
            hop_limit: int = struct.unpack_from("=i", data)[0]
            return hop_limit
    return None
