"""Observations of a server's kernel and service manager: settings, counters, queues, routing of
incoming packets, SYNs at the interfaces, and which services start at boot."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Word
from diagnose.model.server import Interface
from diagnose.model.summary import Summary, phrase
from diagnose.model.tcp import SYN_MARKS as SYN_MARKS
from diagnose.model.tcp import Connection

BootManager = Literal["systemd", "openrc", "sysv"]
DroppedPacket = Literal["syn", "reply"]
#: What left the server in reply to a SYN.
Reply = Literal["answered", "reset", "rejected", "none", ""]


@frozen(kw_only=True, eq=False)
class Kernel(Observation):
    """Kernel settings (ip-sysctl and nf_conntrack-sysctl in the kernel's documentation).

    `reverse_path` is rp_filter of "all" and of each interface. `tracked` and `trackable` are
    nf_conntrack_count and nf_conntrack_max, None if connections are not tracked. `client` is the
    remote address of the SSH session that read this, as the server sees it, "" without SSH.
    `ipv6_reverse_path` is IPv6_rpfilter of firewalld.conf(5), "" if it may not be read. `ipv6_off`
    are the interfaces whose disable_ipv6 is set; the one name "*" means a kernel without IPv6
    (`ipv6.disable=1`). `ttl` is net.ipv4.ip_default_ttl, how many routers a packet may pass.
    """

    layer: ClassVar[str] = "host"

    reverse_path: tuple[tuple[Label, int], ...] = ()
    tracked: int | None = None
    trackable: int | None = None
    longest_queue: int | None = None
    client: Address = ""
    ipv6_reverse_path: Word = ""
    ipv6_off: tuple[Label, ...] = ()
    ttl: int | None = None

    def is_ipv6_off(self, device: str) -> bool:
        """Return whether IPv6 is turned off on an interface (ip-sysctl, disable_ipv6)."""
        return "*" in self.ipv6_off or device in self.ipv6_off

    def strictness(self, device: str) -> int:
        """Return the rp_filter mode in effect: 0 off, 1 strict (the route back must use the same
        interface), 2 loose (any route back). It is the larger of the interface's value and that of
        "all" (ip-sysctl, rp_filter)."""
        modes = dict(self.reverse_path)
        return max(modes.get("all", 0), modes.get(device, 0))

    def summary(self) -> Summary:
        paths = ", ".join(f"{name} {value}" for name, value in self.reverse_path[:6])
        settings = [f"rp_filter {paths}"] if paths else []
        settings += [f"nf_conntrack_max {self.trackable}"] if self.trackable else []
        return phrase("kernel"), "; ".join(settings) or phrase("no settings")


@frozen
class Counter:
    name: Word
    value: int


@frozen(kw_only=True, eq=False)
class Counters(Observation):
    """The kernel's counters since boot, at one moment. A run compares two readings. `tracked` is
    nf_conntrack_count at that moment."""

    layer: ClassVar[str] = "host"

    values: tuple[Counter, ...] = ()
    tracked: int | None = None

    def get(self, name: str) -> int | None:
        return next((counter.value for counter in self.values if counter.name == name), None)

    def summary(self) -> Summary:
        values = [f"{counter.name} {counter.value}" for counter in self.values if counter.value]
        values += [f"nf_conntrack_count {self.tracked}"] if self.tracked else []
        return phrase("the kernel's counters"), tuple(values)


@frozen
class Queue:
    """The accept queue of a listening socket: how many connections wait, and the limit (ss(8),
    Recv-Q and Send-Q; the queue holds one more than the limit). `limit` is None if the tool does
    not show it."""

    address: Address
    port: int
    waiting: int
    limit: int | None = None

    @property
    def full(self) -> bool:
        return self.limit is not None and self.waiting > self.limit


@frozen(kw_only=True, eq=False)
class Queues(Observation):
    """The accept queues at one moment."""

    layer: ClassVar[str] = "listener"

    queues: tuple[Queue, ...] = ()

    def on(self, port: int) -> tuple[Queue, ...]:
        return tuple(queue for queue in self.queues if queue.port == port)

    def summary(self) -> Summary:
        queues = tuple(
            phrase("{waiting} on {port}", waiting=queue.waiting, port=queue.port)
            if queue.limit is None
            else phrase(
                "{waiting} of {limit} on {port}",
                waiting=queue.waiting,
                limit=queue.limit,
                port=queue.port,
            )
            for queue in self.queues[:12]
        )
        return phrase("waiting connections"), queues


@frozen(kw_only=True, eq=False)
class Arrival(Observation):
    """The kernel's answer for a packet from `source` to `address` (the server's own) that arrives
    on `device` (ip-route(8), `ip route get … iif …`). The failure is EXDEV if reverse-path
    filtering would drop it. For IPv6: whether the route back uses `device`, which is what
    firewalld's rule checks (nft(8), fib saddr . mark . iif oif missing). Nothing is sent."""

    layer: ClassVar[str] = "host"

    source: Address
    address: Address
    device: Label

    def summary(self) -> Summary:
        subject = phrase(
            "from {source} to {address} by {device}",
            source=self.source,
            address=self.address,
            device=self.device,
        )
        return subject, phrase("taken in")


@frozen
class MarkedSyn:
    """A SYN to any port with a MSS of `SYN_MARKS`."""

    source: Address
    port: int
    mss: int


@frozen(kw_only=True, eq=False)
class Capture(Observation):
    """The source addresses of SYNs for a port, captured at the server's interfaces before any
    firewall rule. `complete` is False if the capture ended too early. It was certainly running from
    `begun` to `ended` (seconds since the start of the run); None if the server did not report
    it.

    `answered`, `reset` and `rejected` are the addresses to which the port sent a SYN-ACK, a reset,
    an ICMP error, after all rules; None if replies were not captured. `marked` are SYNs that may be
    this run's, to any port. `control` is True if other packets, of the SSH session, were captured:
    it shows that the capture works."""

    layer: ClassVar[str] = "host"

    port: int
    sources: tuple[Address, ...] = ()
    complete: bool = True
    begun: float | None = None
    ended: float | None = None
    marked: tuple[MarkedSyn, ...] = ()
    answered: tuple[Address, ...] | None = None
    reset: tuple[Address, ...] | None = None
    rejected: tuple[Address, ...] | None = None
    control: bool = True

    def summary(self) -> Summary:
        subject = phrase(
            "SYNs for port {port} in {seconds} s", port=self.port, seconds=f"{self.took:.0f}"
        )
        return subject, self.sources[:6]


@frozen(kw_only=True, eq=False)
class HalfOpen(Observation):
    """The remote addresses of half-open connections to a port (SYN-RECV): the server has answered
    the SYN, and the last step of the TCP handshake is missing."""

    layer: ClassVar[str] = "host"

    port: int
    sources: tuple[Address, ...] = ()

    def summary(self) -> Summary:
        return phrase("SYN-RECV on port {port}", port=self.port), self.sources[:6]


@frozen(kw_only=True, eq=False)
class KernelDrop(Observation):
    """The server's kernel dropped SYNs of this run to `address` and `port`, or its own replies to
    them (tracepoint skb:kfree_skb).

    `reason` is the kernel's name for it (enum skb_drop_reason), `function` the function that
    dropped, "" if it is kept secret. `interface` is where the SYNs came in. `count` is how many met
    this end. `was_reset` is set if the kernel answered with a reset (tcp:tcp_send_reset).
    """

    layer: ClassVar[str] = "host"

    address: Address
    port: int
    source: Address
    interface: Label
    packet: DroppedPacket = "syn"
    reason: Word
    function: Word = ""
    count: int = 1
    was_reset: bool = False

    @property
    def by_netfilter(self) -> bool:
        return self.reason in {"NETFILTER_DROP", "NETFILTER_INGRESS"}

    @property
    def text(self) -> str:
        """The reason and the function, as the kernel names them."""
        return f"{self.reason}, {self.function}" if self.function else self.reason

    def summary(self) -> Summary:
        subject = phrase("kernel, port {port} on {device}", port=self.port, device=self.interface)
        outcome = (
            phrase("dropped the SYN: {reason}", reason=self.text)
            if self.packet == "syn"
            else phrase("dropped the reply: {reason}", reason=self.text)
        )
        return subject, outcome


@frozen(kw_only=True, eq=False)
class Boot(Observation):
    """The state of a service, and what the service manager does with it at boot.

    `state` is systemctl's UnitFileState, or "enabled" or "disabled" for the runlevels of OpenRC and
    System V; "" if there is no such service. `pulled_by` are the units that start it, `named_in`
    the start-up files that name it; `cluster` is True if a cluster manager controls it. `process`
    is the process that owns the port; `by_hand` is True if it was started from a login session
    instead of by the manager. `main_pid` is the main process according to systemd, 0 if there is
    none; `reloads` is True if the service can reload its configuration.
    """

    layer: ClassVar[str] = "listener"

    manager: BootManager
    service: Label
    state: Word
    running: bool = False
    started: bool = True
    process: Label = ""
    pulled_by: tuple[Label, ...] = ()
    named_in: tuple[FilePath, ...] = ()
    cluster: bool = False
    by_hand: bool = False
    main_pid: int = 0
    reloads: bool = False

    def summary(self) -> Summary:
        return f"{self.service} ({self.manager})", self.state or phrase("not there")


@frozen(kw_only=True, eq=False)
class TimeSync(Observation):
    """Whether the server's clock is synchronized (timedatectl(1), chronyc(1)); None if unknown."""

    layer: ClassVar[str] = "host"

    synchronized: bool | None = None

    def summary(self) -> Summary:
        states = {
            True: phrase("synchronized"),
            False: phrase("not synchronized"),
            None: phrase("not known"),
        }
        return phrase("server's clock"), states[self.synchronized]


def counter_growth(evidence: Evidence, name: str) -> int:
    """Return how much a counter grew during the run; 0 if it was read only once."""
    readings = [counters.get(name) for counters in evidence.good(Counters)]
    values = [value for value in readings if value is not None]
    return max(values[-1] - values[0], 0) if len(values) > 1 else 0


def counter_value(evidence: Evidence, name: str) -> int:
    """Return the last value of a counter; 0 if it was not read."""
    readings = (counters.get(name) for counters in reversed(evidence.good(Counters)))
    return next((value for value in readings if value is not None), 0)


# Attempts from here, compared with a capture on the server


@frozen
class SynWatch:
    """Which SYNs reached the server's interfaces while this machine tried to connect.

    `ours` is True if this machine's SYNs arrived; `others` are the sources of other SYNs. `known`
    is True if the server knows this machine's address, so that ours cannot be among `others`.
    `control` is True if other packets show that the capture works. `reply` is what left the server
    for this machine: "none" if nothing did, "" if replies were not captured.
    """

    capture: Capture
    ours: bool
    others: tuple[str, ...]
    known: bool
    control: bool = True
    reply: Reply = ""


def syn_watch(evidence: Evidence, connections: Iterable[Connection]) -> SynWatch | None:
    """Return what the capture saw, or None if none was running when a SYN must have arrived."""
    failed = [connection for connection in connections if connection.failure]
    for capture in evidence.good(Capture):
        if capture.complete and any(_was_captured(connection, capture) for connection in failed):
            marked = own_marked_syns(evidence, capture)
            mine = own_source_addresses(evidence) | {syn.source for syn in marked}
            interfaces = evidence.good(Interface)
            own = {address for interface in interfaces for address in interface.addresses}
            foreign = tuple(source for source in capture.sources if source not in mine | own)
            is_client_known = bool(marked) or any(
                kernel.client in _sources(evidence) for kernel in evidence.good(Kernel)
            )
            answered_sources = [
                half_open.sources
                for half_open in evidence.good(HalfOpen)
                if half_open.port == capture.port
            ]
            ours = any(
                mine.intersection(sources) for sources in (capture.sources, *answered_sources)
            )
            ours = ours or any(syn.port == capture.port for syn in marked)
            ours = ours or any(drop.port == capture.port for drop in evidence.good(KernelDrop))
            control = capture.control or bool(marked or foreign)
            reply = _reply(capture, mine)
            return SynWatch(capture, ours, foreign, is_client_known, control, reply)
    return None


def own_marked_syns(evidence: Evidence, capture: Capture) -> tuple[MarkedSyn, ...]:
    """Return the captured SYNs that this run has marked."""
    marks = {connection.mss for connection in evidence.of(Connection) if connection.mss}
    return tuple(syn for syn in capture.marked if syn.mss in marks)


def _reply(capture: Capture, mine: set[str]) -> Reply:
    replies: tuple[tuple[Reply, tuple[str, ...] | None], ...] = (
        ("answered", capture.answered),
        ("reset", capture.reset),
        ("rejected", capture.rejected),
    )
    if any(receivers is None for _, receivers in replies):
        return ""
    return next((name for name, receivers in replies if mine.intersection(receivers or ())), "none")


#: Times at which a SYN is sent and repeated, in seconds (RFC 6298 section 2).
_REPEATED = (0.0, 1.0, 3.0)
#: Margins in seconds for a capture that did not report its times: how long it takes to start, and
#: how much earlier it may have ended.
_READY, _ENDED = 1.0, 0.3


def _was_captured(connection: Connection, capture: Capture) -> bool:
    first, last = capture.at + _READY, capture.at + capture.took - _ENDED
    if capture.begun is not None and capture.ended is not None:
        first, last = capture.begun, capture.ended
    return any(
        first <= connection.at + delay <= last
        for delay in _REPEATED
        if delay < max(connection.took, 0.1)
    )


def own_source_addresses(evidence: Evidence) -> set[str]:
    """Return the addresses under which the server may see this machine: its source addresses, and
    the client address of the SSH session to the server."""
    clients = {kernel.client for kernel in evidence.good(Kernel) if kernel.client}
    return _sources(evidence) | clients


def _sources(evidence: Evidence) -> set[str]:
    return {
        connection.source
        for connection in evidence.of(Connection)
        if connection.source and connection.vantage is Vantage.HERE
    }
