"""What can be seen of a connection attempt."""

from dataclasses import dataclass
from typing import ClassVar

from diagnose.model import Observation


@dataclass(frozen=True, slots=True)
class IcmpError:
    """An ICMP (version 4) or ICMPv6 (version 6) error as the kernel reports it in the socket's
    error queue (ip(7), IP_RECVERR): RFC 792, RFC 4443. `sender` is the host that sent it;
    `local` where the kernel itself made it up (a neighbour that does not answer)."""

    version: int
    type: int
    code: int
    sender: str
    local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Connection(Observation):
    """One attempt to open a TCP connection.

    `purpose` is "target" (the target's port), "plain" (port 80, for the redirect), "again" (a
    spaced second try after silence), "control" (another port of the same address, for
    comparison). `failure.code` is the errno.
    """

    layer: ClassVar[str] = "tcp"

    address: str
    port: int
    family: int
    purpose: str = "target"
    icmp: IcmpError | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """A router on the way, or silence where it did not answer."""

    ttl: int
    sender: str | None
    took: float = 0.0
    icmp: IcmpError | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk(Observation):
    """The path to a port, walked with SYNs of rising time to live. `reached` says whether
    the target itself answered (a connection, a reset or an ICMP error of its own)."""

    layer: ClassVar[str] = "tcp"

    address: str
    port: int
    hops: tuple[Hop, ...] = ()
    reached: bool = False
