"""Attempts to connect from here, compared with a capture on the server."""

from collections.abc import Iterable

from diagnose.model import Evidence, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.kernel import Capture, HalfOpen, Kernel, KernelDrop, MarkedSyn, Reply
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection


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
