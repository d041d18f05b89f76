"""The network, from this machine."""

import asyncio
import contextlib
import errno
import socket
import struct
import time

from diagnose.model import Failure
from diagnose.model.tcp import IcmpError
from diagnose.net import PATIENCE, Connected, Resolved, Stream
from diagnose.net.failures import errno_failure, failure_of

# Not in every Python's socket module: ip(7), ipv6(7).
IP_RECVERR = 11
IPV6_RECVERR = 25
SO_EE_ORIGIN_LOCAL = 1
SO_EE_ORIGIN_ICMP = 2
SO_EE_ORIGIN_ICMP6 = 3


class TcpStream:
    """A connected, non-blocking socket."""

    def __init__(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        self.peer = peer
        self._socket = sock

    async def read(self, limit: int = 65536, timeout: float = PATIENCE) -> bytes:
        async with asyncio.timeout(timeout):
            return await asyncio.get_running_loop().sock_recv(self._socket, limit)

    async def write(self, data: bytes, timeout: float = PATIENCE) -> None:
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def close(self) -> None:
        self._socket.close()


class LocalNet:
    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> Resolved:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                found = await asyncio.get_running_loop().getaddrinfo(
                    name,
                    None,
                    family=socket.AF_INET if family == 4 else socket.AF_INET6,
                    type=socket.SOCK_STREAM,
                )
        except socket.gaierror as error:
            number = error.errno or 0
            named = next(
                (n for n in vars(socket) if n.startswith("EAI_") and getattr(socket, n) == number),
                None,
            )
            failure = Failure("resolution", error.strerror or str(error), number, named)
            return Resolved(time.monotonic() - begun, failure=failure)
        except (OSError, UnicodeError) as error:
            return Resolved(time.monotonic() - begun, failure=failure_of(error))
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        return Resolved(time.monotonic() - begun, tuple(addresses))

    async def connect(
        self, address: str, port: int, timeout: float = PATIENCE, ttl: int | None = None
    ) -> Connected:
        begun = time.monotonic()
        six = ":" in address
        try:
            sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            return Connected(0.0, failure=failure_of(error))
        try:
            sock.setblocking(False)
            # Where the kernel is too old for it on TCP sockets (before 6.2), the queue stays empty.
            with contextlib.suppress(OSError):
                if six:
                    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
                else:
                    sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            if ttl is not None:
                if six:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
                else:
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_connect(sock, (address, port))
            source = str(sock.getsockname()[0])
        except (OSError, TimeoutError) as error:
            icmp = _icmp_error(sock, six)
            sock.close()
            failure = failure_of(error)
            if failure.kind == "other" and icmp is not None and failure.code is None:
                failure = errno_failure(errno.EHOSTUNREACH)
            return Connected(time.monotonic() - begun, failure=failure, icmp=icmp)
        except BaseException:
            sock.close()
            raise
        stream: Stream = TcpStream(sock, (address, port))
        return Connected(time.monotonic() - begun, stream=stream, source=source)

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        host, _, given = server.partition("#")
        where = (host, int(given or 53))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        loop = asyncio.get_running_loop()
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        with socket.socket(family, kind) as sock:
            sock.setblocking(False)
            async with asyncio.timeout(timeout):
                await loop.sock_connect(sock, where)
                if tcp:
                    await loop.sock_sendall(sock, struct.pack("!H", len(query)) + query)
                    size = struct.unpack("!H", await _exactly(sock, 2))[0]
                    return await _exactly(sock, size)
                await loop.sock_sendall(sock, query)
                while True:
                    answer = await loop.sock_recv(sock, 65535)
                    if answer[:2] == query[:2]:
                        return answer

    def is_mine(self, address: str) -> bool:
        # Only an address of this machine can be bound to (bind(2), EADDRNOTAVAIL).
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.bind((address, 0))
        except OSError:
            return False
        return True


async def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await asyncio.get_running_loop().sock_recv(sock, size - len(data))
        if not more:
            raise EOFError("connection closed in the middle of an answer")
        data += more
    return data


def _icmp_error(sock: socket.socket, six: bool) -> IcmpError | None:
    """The first error in the socket's queue (ip(7), MSG_ERRQUEUE: struct sock_extended_err)."""
    try:
        _, control, _, _ = sock.recvmsg(512, 1024, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in control:
        if (level, kind) not in {(0, IP_RECVERR), (41, IPV6_RECVERR)} or len(data) < 16:
            continue
        _, origin, icmp_type, code = struct.unpack_from("=IBBB", data)
        if origin not in {SO_EE_ORIGIN_LOCAL, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6}:
            return None
        sender = _offender(data[16:], six)
        local = origin == SO_EE_ORIGIN_LOCAL or not sender
        return IcmpError(6 if six else 4, icmp_type, code, sender, local)
    return None


def _offender(address: bytes, six: bool) -> str:
    """struct sockaddr_in or sockaddr_in6 to text; "" where it names nobody."""
    if six:
        return socket.inet_ntop(socket.AF_INET6, address[8:24]) if len(address) >= 24 else ""
    return socket.inet_ntoa(address[4:8]) if len(address) >= 8 and any(address[4:8]) else ""
