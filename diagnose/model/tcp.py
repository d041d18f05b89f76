"""Observations of connection attempts, proxies and network paths, and of machines in front."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Text, Url, Word
from diagnose.model.summary import Summary, counted, phrase, socket_text

#: What rejected an attempt: the target itself, another host on the path, or the probing machine (a
#: neighbour does not answer, or its own firewall rejects); or it is unknown.
Rejecter = Literal["host", "router", "self", "unknown"]

#: An errno of connect(2) within this time (seconds) was raised locally; no packet is so fast.
_AT_ONCE = 0.05

ConnectionPurpose = Literal["target", "plain", "again", "control"]

#: The MSS that marks a run's own SYNs (`Connection.mss`), which a server then knows whatever
#: translates their address. MSS clamping only lowers larger values; common ones (1024, 1200) are
#: left out.
SYN_MARKS = range(1025, 1200)


@frozen
class IcmpError:
    """An ICMP (version 4) or ICMPv6 (version 6) error, as the kernel reports it in the socket's
    error queue (ip(7), IP_RECVERR): RFC 792, RFC 4443. `sender` is the host that sent it; `local`
    is True if that is the probing machine (a neighbour does not answer, or its own firewall
    rejects). Names and meanings are in `diagnose.parsers.icmp`."""

    version: int
    type: int
    code: int
    sender: Address
    local: bool = False


@frozen(kw_only=True, eq=False)
class Connection(Observation):
    """One attempt to open a TCP connection.

    `purpose` is "target" (the target's port), "plain" (port 80, for the redirect), "again" (a later
    retry after a timeout) or "control" (another port of the same address, for comparison).
    `failure.code` is the errno. `source` is the local address, "" if this machine had no way to
    send anything. If a neighbour did not answer, `on_link` is True if that neighbour is the target
    and False if it is the gateway. `mss` marks the attempt's SYNs, by
    `SYN_MARKS`. Through a proxy, `address` is the target's name, and a failure of kind
    "proxy" is the proxy's own.
    """

    layer: ClassVar[str] = "tcp"

    address: Address
    port: int
    family: int
    purpose: ConnectionPurpose = "target"
    icmp: IcmpError | None = None
    source: Address = ""
    on_link: bool | None = None
    mss: int | None = None

    @property
    def is_to_target(self) -> bool:
        """Whether it was tried at the target's own port, the first time or again."""
        return self.purpose in {"target", "again"}

    @property
    def rejected_by(self) -> Rejecter | None:
        """What ended the attempt with an ICMP error; None if no such error ended it."""
        if self.failure is None or self.failure.kind not in {"refused", "unreachable"}:
            return None
        if self.icmp is None:
            return "unknown" if self.failure.kind == "unreachable" and not self.unroutable else None
        if _bare(self.icmp.sender) == _bare(self.address):
            return "host"
        return "self" if self.icmp.local else "router"

    @property
    def unroutable(self) -> bool:
        """True if no packet left this machine because it had no way to send it."""
        return (
            self.failure is not None
            and self.failure.kind == "unreachable"
            and self.icmp is None
            and not self.source
            and self.took < _AT_ONCE
        )

    def summary(self) -> Summary:
        return socket_text(self.address, self.port), phrase("connected")


@frozen(kw_only=True, eq=False)
class Proxy(Observation):
    """A proxy for the target. `source` is the environment variable that names it, or "--proxy".
    `url` has no password. `used` is True if this run goes through it; `exempt` is True if NO_PROXY
    contains the target, so that programs connect directly."""

    layer: ClassVar[str] = "tcp"

    url: Url
    source: Word
    used: bool = False
    exempt: bool = False

    def summary(self) -> Summary:
        return phrase("proxy ({source})", source=self.source), self.url


@frozen(kw_only=True, eq=False)
class Uplink(Observation):
    """The route of this machine to the Internet over one family (4, 6), if there is one.

    `source` is the address that it would send from, according to connect(2) on a datagram socket,
    which sends nothing. Observed after DNS queries failed. The failure is ENETUNREACH if there is
    no route. `links` are the interfaces other than loopback, `links_up` those of them that are up.
    """

    layer: ClassVar[str] = "host"

    family: int
    towards: Address
    source: Address = ""
    links: tuple[Label, ...] = ()
    links_up: tuple[Label, ...] = ()

    def summary(self) -> Summary:
        subject = phrase("way to {towards}", towards=self.towards)
        return subject, phrase("from {source}", source=self.source)


@frozen
class Hop:
    """A router on the path; `sender` is None if it did not answer."""

    ttl: int
    sender: Address | None
    took: float = 0.0
    icmp: IcmpError | None = None


@frozen(kw_only=True, eq=False)
class Walk(Observation):
    """The path to a port, traced with SYNs of increasing time to live. `reached` is True if the
    target itself answered (a connection, a reset or its own ICMP error)."""

    layer: ClassVar[str] = "tcp"

    address: Address
    port: int
    hops: tuple[Hop, ...] = ()
    reached: bool = False

    @property
    def last_router(self) -> Hop | None:
        """The farthest router that answered."""
        return next((hop for hop in reversed(self.hops) if hop.sender), None)

    def summary(self) -> Summary:
        routers = tuple(hop.sender or "*" for hop in self.hops)
        return phrase("path to {place}", place=socket_text(self.address, self.port)), routers


def _bare(address: str) -> str:
    """Return the address without its zone (RFC 4007 section 11)."""
    return address.partition("%")[0]


@frozen(kw_only=True, eq=False)
class ReturnedConnection(Observation):
    """A connection that the server opened to an address which it does not hold, and that came back
    to it: a router forwards `port` of `address` to `own_port` of the server's `own_address`. Both
    ends are known by the port from which it was opened, as long as the router keeps that."""

    layer: ClassVar[str] = "tcp"

    address: Address
    port: int
    own_address: Address
    own_port: int

    def summary(self) -> Summary:
        subject = phrase("forwarded from {socket}", socket=socket_text(self.address, self.port))
        return subject, socket_text(self.own_address, self.own_port)


#: The version of the PROXY protocol (HAProxy's doc/proxy-protocol.txt): 1 is text, 2 is binary.
HeaderVersion = Literal[1, 2]


@frozen(kw_only=True, eq=False)
class FrontConnection(Observation):
    """For each connection that the server opened to `port` of `address`, none of its own, one
    came from that address to its own ports `own_ports`: the machine there passes visitors on to
    this server, or a router translates their addresses to its own."""

    layer: ClassVar[str] = "tcp"

    address: Address
    port: int
    own_address: Address
    own_ports: tuple[int, ...]

    def summary(self) -> Summary:
        sockets = tuple(socket_text(self.own_address, port) for port in self.own_ports)
        return phrase("passed on from {place}", place=socket_text(self.address, self.port)), sockets


@frozen(kw_only=True, eq=False)
class ProxyHeaderRequest(Observation):
    """The header of the PROXY protocol, which the web server took for a request and refused (400),
    by its access log `file`.

    `sender` sent it. `visitor` is the visitor's address in it and `port` the port of the sender
    that the visitor asked, "" and 0 if the log does not tell. A header of version 2 is binary: the
    log has its first byte or nothing, as it would of other bytes that are no HTTP. `written` is the
    time of the last as printed, `times` their number.
    """

    layer: ClassVar[str] = "server"

    file: FilePath
    sender: Address
    version: HeaderVersion
    visitor: Address = ""
    port: int = 0
    written: Text = ""
    times: int = 1

    def summary(self) -> Summary:
        times = counted("{count} time", "{count} times", self.times)
        return phrase("PROXY header of {address}", address=self.sender), (times, self.written)
