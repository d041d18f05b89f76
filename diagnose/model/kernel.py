"""Observations of a server's kernel and service manager: settings, counters, queues, routing of
incoming packets, SYNs at the interfaces, and which services start at boot."""

from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Word
from diagnose.model.summary import Summary, phrase
from diagnose.model.tcp import SYN_MARKS as SYN_MARKS

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
    `mtu_probing` is net.ipv4.tcp_mtu_probing: 1 and 2 let connections go on with smaller packets
    although no router has said that they are too large.
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
    mtu_probing: int | None = None

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
