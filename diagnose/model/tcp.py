"""What can be seen of a connection attempt."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen

#: Who rejected an attempt: the target itself, another host on the way, or the machine that
#: probes (its neighbour does not answer, or its own firewall); or nobody can tell.
Rejecter = Literal["host", "router", "self", "unknown"]

#: What connect(2) itself says comes faster than any packet (seconds).
_AT_ONCE = 0.05


@frozen
class IcmpError:
    """An ICMP (version 4) or ICMPv6 (version 6) error as the kernel reports it in the socket's
    error queue (ip(7), IP_RECVERR): RFC 792, RFC 4443. `sender` is the host that sent it;
    `local` says that this is the machine that probes (a neighbour does not answer, or its own
    firewall rejects). Names and meanings are in `diagnose.parsers.icmp`."""

    version: int
    type: int
    code: int
    sender: str
    local: bool = False


@frozen(kw_only=True, eq=False)
class Connection(Observation):
    """One attempt to open a TCP connection.

    `purpose` is "target" (the target's port), "plain" (port 80, for the redirect), "again" (a
    spaced further try after silence) or "control" (another port of the same address, for
    comparison). `failure.code` is the errno. `source` is the address it was made from, "" where
    this machine had no way to send anything; `on_link`, where a neighbour did not answer,
    whether that neighbour is the target itself (else it is the gateway). Through a proxy,
    `address` is the target's name, and a failure of the kind "proxy" the proxy's own.
    """

    layer: ClassVar[str] = "tcp"

    address: str
    port: int
    family: int
    purpose: str = "target"
    icmp: IcmpError | None = None
    source: str = ""
    on_link: bool | None = None

    @property
    def rejected_by(self) -> Rejecter | None:
        """Who ended the attempt by an ICMP error; None where no such error ended it."""
        if self.failure is None or self.failure.kind not in {"refused", "unreachable"}:
            return None
        if self.icmp is None:
            return "unknown" if self.failure.kind == "unreachable" and not self.unroutable else None
        if _bare(self.icmp.sender) == _bare(self.address):
            return "host"
        return "self" if self.icmp.local else "router"

    @property
    def unroutable(self) -> bool:
        """Whether the attempt never left this machine, which had no way to send it."""
        return (
            self.failure is not None
            and self.failure.kind == "unreachable"
            and self.icmp is None
            and not self.source
            and self.took < _AT_ONCE
        )


@frozen(kw_only=True, eq=False)
class Proxy(Observation):
    """A proxy for the target: `source` is the environment variable that names it, or "--proxy".
    `url` is without its password. `used` says whether this run goes through it, `exempt` whether
    NO_PROXY names the target, so that programs go directly."""

    layer: ClassVar[str] = "tcp"

    url: str
    source: str
    used: bool = False
    exempt: bool = False


@frozen(kw_only=True, eq=False)
class Uplink(Observation):
    """Whether this machine has a way to the Internet over one family (4, 6): the address it would
    send from, as connect(2) on a datagram socket says, which sends nothing. Looked for after names
    could not be asked for. The failure is ENETUNREACH where there is no way; `links` are the
    interfaces other than the loopback, and `links_up` those of them that are up."""

    layer: ClassVar[str] = "host"

    family: int
    towards: str
    source: str = ""
    links: tuple[str, ...] = ()
    links_up: tuple[str, ...] = ()


@frozen
class Hop:
    """A router on the way, or silence where it did not answer."""

    ttl: int
    sender: str | None
    took: float = 0.0
    icmp: IcmpError | None = None


@frozen(kw_only=True, eq=False)
class Walk(Observation):
    """The path to a port, walked with SYNs of rising time to live. `reached` says whether
    the target itself answered (a connection, a reset or an ICMP error of its own)."""

    layer: ClassVar[str] = "tcp"

    address: str
    port: int
    hops: tuple[Hop, ...] = ()
    reached: bool = False

    @property
    def last_router(self) -> Hop | None:
        """The farthest router that answered."""
        return next((hop for hop in reversed(self.hops) if hop.sender), None)


def _bare(address: str) -> str:
    """An address without its scope (RFC 4007 section 11)."""
    return address.partition("%")[0]
