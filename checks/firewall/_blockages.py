"""What netfilter's rules block: which ports are closed, for whom, and why."""

from collections.abc import Iterable, Iterator
from typing import Literal

from checks import firewall
from checks.firewall._netfilter import Blockage, NetfilterView
from checks.firewall._visitors import (
    client_attempts,
    client_by_connection,
    clients_that_failed,
    external_connections,
    relevant_ports,
)
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.netfilter.ruleset import RulePosition

Fault = Literal[
    "ruleset-blocks", "ufw-port-closed", "source-restricted", "egress-blocks", "visitor-banned"
]

#: The checks whose findings a blocked port causes. The server's own attempts meet the same rules
#: unless the rules accept loopback.
EXPLAINS = (*firewall.EXPLAINS, "tls.stalled", "tls.reset", "tls.closed")


def fault_of(blockage: Blockage) -> Fault:
    """Return the name of the check that reports a blockage."""
    if blockage.is_known_visitor:
        return "visitor-banned"
    if blockage.decision.packet == "reply" or blockage.decision.hook in {
        "output",
        "postrouting",
        "egress",
    }:
        return "egress-blocks"
    if blockage.source or blockage.allowed_sources:
        return "source-restricted"
    return "ufw-port-closed" if blockage.owner == "ufw" else "ruleset-blocks"


def blockage_groups(view: NetfilterView, fault: Fault) -> Iterator[tuple[Blockage, ...]]:
    """Yield the blockages of this fault, grouped by the program whose rules cause them."""
    groups: dict[tuple[str, ...], list[Blockage]] = {}
    for port in relevant_ports(view.evidence):
        stranger_blockages = view.blockages(port)
        if port != view.evidence.target.port and _is_target_allowlisted(view):
            # If only some addresses may reach the site, its redirect is closed on purpose as well.
            stranger_blockages = tuple(
                blockage for blockage in stranger_blockages if blockage.allowed_sources
            )
        stranger_keys = {blockage.place.key for blockage in stranger_blockages}
        client_blockages = (
            blockage
            for source in _client_sources(view)
            for blockage in view.blockages(port, source)
        )
        for blockage in (
            *stranger_blockages,
            *(blockage for blockage in client_blockages if blockage.place.key not in stranger_keys),
        ):
            if fault_of(blockage) == fault:
                is_doubtful = str(bool(contradicting_connections(view, (blockage,))))
                program = (
                    "" if blockage.owner == "ufw" else blockage.place.program.replace("ip6", "ip")
                )
                groups.setdefault(
                    (blockage.owner, program, blockage.source, is_doubtful), []
                ).append(blockage)
    yield from (tuple(group) for group in groups.values())


def _client_sources(view: NetfilterView) -> tuple[str, ...]:
    """Return the known sources to judge besides strangers.

    If the run judges one visitor, only other clients whose attempts failed count: the rules explain
    those failures and say nothing about the visitor.
    """
    if view.visitor:
        failed_sources = clients_that_failed(view.evidence)
        return tuple(source for source in failed_sources if source != view.visitor)
    return (*client_attempts(view.evidence), *view.known_visitors)


def _is_target_allowlisted(view: NetfilterView) -> bool:
    return any(blockage.allowed_sources for blockage in view.blockages(view.evidence.target.port))


def contradicting_connections(
    view: NetfilterView, blockages: Iterable[Blockage]
) -> tuple[Connection, ...]:
    """Return the connections that succeeded although the rules block them.

    A connection is no contradiction if the rules let in its own client: others are still blocked.
    """
    source_by_connection = client_by_connection(view.evidence)
    contradictions = []
    for blockage in blockages:
        for connection in external_connections(view.evidence, blockage.port):
            source = source_by_connection.get(connection, "")
            if blockage.is_known_visitor and source != blockage.source:
                continue
            if _stops_data_only(blockage) and not _has_answered(view, connection):
                continue
            if blockage.address in {"", connection.address} and not (
                source and view.admits(blockage.port, source)
            ):
                contradictions.append(connection)
    return tuple(dict.fromkeys(contradictions))


def _stops_data_only(blockage: Blockage) -> bool:
    """Return whether a client sees its connection open: the SYN-ACK comes, what follows is lost."""
    return blockage.decision.packet in {"ack", "request", "answer"}


def _has_answered(view: NetfilterView, connection: Connection) -> bool:
    """Return whether data came from where the connection led."""
    answers: tuple[Handshake | Exchange, ...] = (
        *view.evidence.good(Handshake),
        *view.evidence.good(Exchange),
    )
    return any(
        (answer.address, answer.port, answer.vantage)
        == (connection.address, connection.port, connection.vantage)
        for answer in answers
    )


def admitted_connections(
    view: NetfilterView, blockages: Iterable[Blockage]
) -> tuple[Connection, ...]:
    """Return the connections of clients that the rules let in; empty if the run judges one visitor,
    because they say nothing about that visitor."""
    if view.visitor:
        return ()
    ports = {blockage.port for blockage in blockages}
    return tuple(
        connection for port in ports for connection in external_connections(view.evidence, port)
    )


def blocking_places(blockages: Iterable[Blockage]) -> tuple[RulePosition, ...]:
    return tuple({blockage.place.key: blockage.place for blockage in blockages}.values())
