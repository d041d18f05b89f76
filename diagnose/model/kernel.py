"""What a server's kernel says of itself: its settings, counters and queues, how it would take a
packet in, what reaches its interfaces; and what its service manager will start."""

from collections.abc import Iterable
from typing import ClassVar

from diagnose.model import Evidence, Observation, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection


@frozen(kw_only=True, eq=False)
class Kernel(Observation):
    """Its settings (ip-sysctl and nf_conntrack-sysctl in the kernel's documentation).

    `reverse_path` is rp_filter of "all" and of each interface. `tracked` and `trackable` are
    nf_conntrack_count and nf_conntrack_max, None where connections are not tracked. `client` is
    the far end of the SSH session in which this was read, as the server sees it, "" without one.
    `ipv6_reverse_path` is IPv6_rpfilter of firewalld.conf(5), "" where it may not be read.
    """

    layer: ClassVar[str] = "host"

    reverse_path: tuple[tuple[str, int], ...] = ()
    tracked: int | None = None
    trackable: int | None = None
    longest_queue: int | None = None
    client: str = ""
    ipv6_reverse_path: str = ""

    def strictness(self, device: str) -> int:
        """0 does not look, 1 wants the way back to be the same, 2 any way back: the larger of
        the interface's own and that of all (ip-sysctl, rp_filter)."""
        modes = dict(self.reverse_path)
        return max(modes.get("all", 0), modes.get(device, 0))


@frozen
class Counter:
    name: str
    value: int


@frozen(kw_only=True, eq=False)
class Counters(Observation):
    """A reading of the kernel's counters since it started: a run compares two of them. `tracked`
    is nf_conntrack_count at that moment."""

    layer: ClassVar[str] = "host"

    values: tuple[Counter, ...] = ()
    tracked: int | None = None

    def get(self, name: str) -> int | None:
        return next((counter.value for counter in self.values if counter.name == name), None)


@frozen
class Queue:
    """The connections that wait at a listening socket to be accepted, and how many may (ss(8),
    Recv-Q and Send-Q); one more than that fits. `limit` is None where the tool does not say."""

    address: str
    port: int
    waiting: int
    limit: int | None = None

    @property
    def full(self) -> bool:
        return self.limit is not None and self.waiting > self.limit


@frozen
class Holder:
    """A process that holds a listening socket. `state` is that of proc_pid_stat(5): "T" is
    stopped, "D" waits for a disk."""

    pid: int
    name: str
    state: str


@frozen(kw_only=True, eq=False)
class Queues(Observation):
    """The accept queues at one moment. `holders` are the processes of the target's port, looked
    at only after a failure."""

    layer: ClassVar[str] = "listener"

    queues: tuple[Queue, ...] = ()
    holders: tuple[Holder, ...] = ()

    def on(self, port: int) -> tuple[Queue, ...]:
        return tuple(queue for queue in self.queues if queue.port == port)


@frozen(kw_only=True, eq=False)
class Arrival(Observation):
    """What the kernel would do with a packet from `source` to `address`, one of its own, that
    comes in by `device` (ip-route(8), `ip route get … iif …`). The failure is EXDEV where
    reverse-path filtering drops it. For IPv6 it is whether the way back is by `device`, as
    firewalld's rule asks (nft(8), fib saddr . mark . iif oif missing). Nothing is sent."""

    layer: ClassVar[str] = "host"

    source: str
    address: str
    device: str


@frozen(kw_only=True, eq=False)
class Capture(Observation):
    """SYNs for a port, as they came to the server's interfaces, before any of its rules: from
    which addresses. `complete` is False where it ended before its time. It surely watched from
    `begun` to `ended` (seconds since the run began); None where the server did not tell."""

    layer: ClassVar[str] = "host"

    port: int
    sources: tuple[str, ...] = ()
    complete: bool = True
    begun: float | None = None
    ended: float | None = None


@frozen(kw_only=True, eq=False)
class HalfOpen(Observation):
    """The far addresses of connections to a port that the server has answered, and whose answer
    to that is still missing (SYN-RECV)."""

    layer: ClassVar[str] = "host"

    port: int
    sources: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False)
class Boot(Observation):
    """What the service manager does with a service when the machine starts.

    `state` is systemctl's UnitFileState, or "enabled" or "disabled" of the runlevels of OpenRC and
    System V; "" where there is no such service. `pulled_by` are the units that start it, `named_in`
    the start-up files that name it, `cluster` that a cluster manager has it in hand. `process` is
    the one that the port belongs to; `by_hand` that it was started from somebody's login instead of
    by the manager. `main_pid` is the process that systemd takes for the service's own, 0 where
    there is none; `reloads` that it can be told to read its files again.
    """

    layer: ClassVar[str] = "listener"

    manager: str
    service: str
    state: str
    running: bool = False
    started: bool = True
    process: str = ""
    pulled_by: tuple[str, ...] = ()
    named_in: tuple[str, ...] = ()
    cluster: bool = False
    by_hand: bool = False
    main_pid: int = 0
    reloads: bool = False


@frozen(kw_only=True, eq=False)
class TimeSync(Observation):
    """Whether the server's clock follows others' (timedatectl(1), chronyc(1)); None where nobody
    there knows."""

    layer: ClassVar[str] = "host"

    synchronized: bool | None = None


def counter_growth(evidence: Evidence, name: str) -> int:
    """By how much a counter has grown during the run; 0 where it was read once only."""
    readings = [counters.get(name) for counters in evidence.good(Counters)]
    values = [value for value in readings if value is not None]
    return max(values[-1] - values[0], 0) if len(values) > 1 else 0


def counter_value(evidence: Evidence, name: str) -> int:
    """What a counter stood at last; 0 where it was not read."""
    readings = (counters.get(name) for counters in reversed(evidence.good(Counters)))
    return next((value for value in readings if value is not None), 0)


# Both ends


@frozen
class SynWatch:
    """What was seen at the server's interfaces while the tries were made from here: whether ours
    arrived, and from whom others did. `known` says that the server sees this machine's own
    address, so that ours cannot be among the others."""

    capture: Capture
    ours: bool
    others: tuple[str, ...]
    known: bool


def syn_watch(evidence: Evidence, connections: Iterable[Connection]) -> SynWatch | None:
    """None where nobody watched, or not while a SYN must have come."""
    failed = [connection for connection in connections if connection.failure]
    for capture in evidence.good(Capture):
        if capture.complete and any(_was_captured(connection, capture) for connection in failed):
            mine = own_source_addresses(evidence)
            interfaces = evidence.good(Interface)
            own = {address for interface in interfaces for address in interface.addresses}
            foreign = tuple(source for source in capture.sources if source not in mine | own)
            is_client_known = any(
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
            return SynWatch(capture, ours, foreign, is_client_known)
    return None


#: When a SYN is sent and repeated, in seconds (RFC 6298 section 2).
_REPEATED = (0.0, 1.0, 3.0)
#: Until a program that watches does so, and how much earlier it may have ended, where nothing is
#: known of it.
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
    """The addresses by which the server may see this machine: those that it sends from, and the one
    that the server's SSH session has at its far end."""
    clients = {kernel.client for kernel in evidence.good(Kernel) if kernel.client}
    return _sources(evidence) | clients


def _sources(evidence: Evidence) -> set[str]:
    return {
        connection.source
        for connection in evidence.of(Connection)
        if connection.source and connection.vantage is Vantage.HERE
    }
