"""The door to the network: the only place that opens sockets. Every wait has a deadline.

`Net` is what probes are given; `diagnose.net.local` is the real one, and a test can write
another in a page. What fails comes back as a value, or, on an open stream, as OSError,
TimeoutError or EOFError, which `diagnose.net.error_mapping` turns into one.
"""

from typing import Protocol

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.tcp import IcmpError

#: Seconds. SYNs are repeated after 1 and 3 s, a dead neighbour is known after 3.1 s, and a
#: reject that met an ICMP rate limit comes with a repeated SYN: less patience than this
#: mistakes a reject for a drop.
DEFAULT_TIMEOUT = 4.0


class Stream(Protocol):
    """An open connection, of bytes or of TLS."""

    peer: tuple[str, int]

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Up to `limit` bytes, at least one; b"" at the end of the stream."""
        ...

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None: ...

    def close(self) -> None:
        """End it at once. May be called again."""
        ...


@frozen
class ConnectResult:
    """How an attempt to connect ended: an open stream or a failure. `took` is seconds, `source`
    the address from which it was made, "" where the machine had no way to send anything;
    `on_link`, where a neighbour did not answer, whether that is the target (else a gateway)."""

    took: float
    stream: Stream | None = None
    failure: Failure | None = None
    icmp: IcmpError | None = None
    source: str = ""
    on_link: bool | None = None


@frozen
class ResolveResult:
    """What getaddrinfo(3) gave for one family. The failure's code is the EAI_… number."""

    took: float
    addresses: tuple[str, ...] = ()
    failure: Failure | None = None


class Net(Protocol):
    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        """As any program on this machine would resolve it; family is 4 or 6."""
        ...

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        """Open a TCP connection and, if an ICMP error ends the attempt, say whose it was.

        `ttl` limits how far the SYN goes (ip(7), IP_TTL), `mss` how large the segments of
        either side may be (tcp(7), TCP_MAXSEG).
        """
        ...

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        """Send one DNS message to port 53 (or `address#port`) and return the answer to it."""
        ...

    def is_mine(self, address: str) -> bool:
        """Whether this machine holds the address."""
        ...

    def way_to(self, address: str) -> ConnectResult:
        """Whether this machine has a way to an address, and from where it would send (`source`),
        or the failure. Nothing is sent."""
        ...
