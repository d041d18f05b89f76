"""Access to the network: only this package opens sockets. Every wait has a deadline.

Probes receive a `Net`; `diagnose.net.local` is the real one, and a test can write another in a
few lines. Failures are returned as values. On an open stream they are raised as OSError,
TimeoutError or EOFError, which `diagnose.net.error_mapping` converts to `Failure`.
"""

from typing import Protocol

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.tcp import IcmpError

#: Seconds. The kernel repeats a SYN after 1 and 3 s, reports an unreachable neighbour after 3.1 s,
#: and gets a rate-limited ICMP reject only for a repeated SYN: a shorter timeout would mistake a
#: reject for a drop.
DEFAULT_TIMEOUT = 4.0


class Stream(Protocol):
    """An open connection, plain or inside TLS.

    `peer` is its address and port. `is_truncated` is set if the stream ended and TLS was not closed
    by a close_notify alert (RFC 8446 section 6.1).
    """

    peer: tuple[str, int]
    is_truncated: bool

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Return 1 to `limit` bytes, or b"" at the end of the stream."""
        ...

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None: ...

    def close(self) -> None:
        """Close the connection at once. May be called again."""
        ...


@frozen
class ConnectResult:
    """The result of a connection attempt: an open stream or a failure.

    `took` is in seconds. `source` is the local address used, "" if this machine has no route.
    `on_link` is set if a neighbour did not answer: True if that neighbour is the target, False if
    it is a gateway.
    """

    took: float
    stream: Stream | None = None
    failure: Failure | None = None
    icmp: IcmpError | None = None
    source: str = ""
    on_link: bool | None = None


@frozen
class ResolveResult:
    """The result of getaddrinfo(3) for one family. The failure's code is the EAI_… number."""

    took: float
    addresses: tuple[str, ...] = ()
    failure: Failure | None = None


class Net(Protocol):
    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        """Resolve a name as any program on this machine would; `family` is 4 or 6."""
        ...

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        """Open a TCP connection; if an ICMP error ends the attempt, report its sender.

        `ttl` limits the hops of the SYN (ip(7), IP_TTL); `mss` limits the segment size of both
        sides (tcp(7), TCP_MAXSEG).
        """
        ...

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        """Send one DNS message to port 53 (or `address#port`) and return the answer to it."""
        ...

    def is_mine(self, address: str) -> bool:
        """Whether this machine has the address."""
        ...

    def way_to(self, address: str) -> ConnectResult:
        """Return the local address (`source`) that would send to an address, or the failure.

        Nothing is sent.
        """
        ...
