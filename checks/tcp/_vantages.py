"""What other places (`--vantage`) got at each address, beside what this machine and the server
got."""

from collections.abc import Iterable
from typing import Literal

from diagnose.model import Evidence, Host, Observation, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.kernel import Capture
from diagnose.model.server import Listeners, server_addresses
from diagnose.model.tcp import Connection
from diagnose.model.vantages import VantagePoint, VantageVisit, page_visits, visit_place

Silence = Literal["silent", "refused", "unreachable"]

#: How the kinds of failure of a connection are told to the reader.
_SILENCES: dict[str, Silence] = {
    "timeout": "silent",
    "refused": "refused",
    "unreachable": "unreachable",
}


@frozen
class RemoteVisits:
    """All visits of one place to one address, in their order."""

    place: str
    address: str
    visits: tuple[VantageVisit, ...]

    @property
    def is_connected(self) -> bool:
        return any(visit.connected for visit in self.visits)

    @property
    def silence(self) -> Silence | None:
        """How every attempt to connect ended; None if one succeeded, or it is not known why not.

        A place without a route to the address says nothing about it.
        """
        if any(visit.is_unroutable for visit in self.visits):
            return None
        kinds = {visit.failure.kind if visit.failure else "" for visit in self.visits}
        if self.is_connected or len(kinds) != 1:
            return None
        return _SILENCES.get(kinds.pop())

    @property
    def best(self) -> VantageVisit:
        """The visit that came farthest."""
        return max(
            self.visits,
            key=lambda visit: (visit.connected, bool(visit.secured), visit.status is not None),
        )


def remote_visits(evidence: Evidence) -> tuple[RemoteVisits, ...]:
    return tuple(
        RemoteVisits(place, address, visits)
        for (place, address), visits in page_visits(evidence).items()
    )


def is_server_here(evidence: Evidence) -> bool:
    """Return whether the machine that probes is the server."""
    return any(host.vantage is Vantage.SERVER and host.via == "local" for host in evidence.of(Host))


def own_connections(evidence: Evidence, address: str) -> tuple[Connection, ...]:
    """Return this machine's attempts to connect to the target's port at an address."""
    return tuple(
        connection
        for connection in evidence.of(Connection)
        if connection.address == address
        and connection.is_to_target
        and connection.vantage is Vantage.HERE
    )


def witnesses(evidence: Evidence, address: str) -> tuple[Observation, ...]:
    """Return what shows that the target's port works at an address: a connection from here, or a
    listener of the server that has the address, or may have it behind a translation."""
    opened = tuple(item for item in own_connections(evidence, address) if item.failure is None)
    if opened:
        return opened[:1]
    is_tried = bool(own_connections(evidence, address))
    listeners = tuple(
        listeners for listeners in evidence.good(Listeners) if listeners.on(evidence.target.port)
    )
    holds = address in server_addresses(evidence)
    return listeners[:1] if is_server_here(evidence) and (holds or is_tried) else ()


def control_visits(evidence: Evidence, place: str, address: str) -> tuple[VantageVisit, ...]:
    return tuple(
        visit
        for visit in evidence.of(VantageVisit)
        if visit.purpose == "control" and visit.address == address and visit_place(visit) == place
    )


def answering_ports(controls: Iterable[VantageVisit]) -> tuple[int, ...]:
    """Return the other ports that answered: they accepted a connection, or refused it."""
    return tuple(
        sorted(
            visit.port
            for visit in controls
            if visit.connected or (visit.failure is not None and visit.failure.kind == "refused")
        )
    )


Arrival = Literal["arrives", "never", ""]


def arrival(
    evidence: Evidence, silent: Iterable[RemoteVisits]
) -> tuple[Arrival, tuple[Capture, ...]]:
    """Return whether the SYNs of these places reached the server's interfaces, and the capture that
    shows it; "" if nothing was captured, or only packets that may be theirs or not."""
    groups = tuple(silent)
    places = {group.place for group in groups}
    sources = {visit.source for group in groups for visit in group.visits if visit.source} | {
        point.source
        for point in evidence.of(VantagePoint)
        if point.source and visit_place(point) in places
    }
    own = set(server_addresses(evidence))
    for capture in evidence.good(Capture):
        foreign = set(capture.sources) - own
        if foreign & sources:
            return "arrives", (capture,)
        if capture.complete and not foreign and _overlaps(groups, capture):
            return "never", (capture,)
    return "", ()


#: Seconds after its start at which an attempt to connect sends a SYN (RFC 6298 section 2).
_SYN_TIMES = (0.0, 1.0, 3.0)


def _overlaps(groups: Iterable[RemoteVisits], capture: Capture) -> bool:
    """Return whether a SYN must have been sent while the capture certainly ran. A visit starts up
    to one second later than it is noted: the command travels there first."""
    if capture.begun is None or capture.ended is None:
        return False
    begun, ended = capture.begun, capture.ended
    return any(
        begun <= visit.at + delay and visit.at + delay + 1.0 <= ended
        for group in groups
        for visit in group.visits
        for delay in _SYN_TIMES
        if delay < visit.took
    )
