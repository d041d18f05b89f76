"""A forward (in firewalld or in a NAT rule) redirects the port, so the program that listens on the
port gets nothing. The redirected packets are let in whatever the zone opens (firewalld.zone(5),
forward-port).

It is a fault if the forward leads to nothing or away from the site. Connections from the server
itself go over loopback, which is not forwarded. So the outcome for visitors is derived from the
rules and the listening sockets.
"""

import re
from collections.abc import Iterator
from typing import Literal

from checks.firewall import EXPLAINS, _nat
from checks.firewall._firewalld import FirewalldView, VisitorOutcome, firewalld_view
from checks.firewall._firewalld_claims import facts, subject_of, subjects_of
from checks.firewall._firewalld_fixes import is_about_only, removal_commands
from checks.firewall._nat import DnatTarget
from checks.firewall._netfilter import netfilter_view
from checks.firewall._restricted_ports import restrictions
from checks.firewall._visitors import external_connections
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
    endpoints,
)
from diagnose.model.addresses import bracketed, family_of, is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.firewalld.rich_rules import rich_rule
from diagnose.parsers.netfilter import owners, remedies
from diagnose.parsers.netfilter.ruleset import RulePosition
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.whole_numbers import whole_number

_EXPLAINS = (
    *EXPLAINS,
    "listener.missing",
    "tls.*",
    "server.application-answers",
    "http.*",
    "certificate.*",
    "websocket.*",
)

Fault = Literal["nothing", "plain", "other", "away"]


@frozen
class Forward:
    """Where a port is redirected: to `address` ("" for this machine) and `port`."""

    address: str
    port: int

    def __str__(self) -> str:
        host = bracketed(self.address)
        return f"{host}:{self.port}" if host else f"{self.port}/tcp"


@check(severity=Severity.ERROR, needs=[Listeners], explains=_EXPLAINS)
def forward_port(evidence: Evidence) -> Iterator[Claim]:
    firewalld, groups = (
        firewalld_view(evidence),
        dict[tuple[str, Forward, Fault], list[VisitorOutcome]](),
    )
    for outcome in firewalld.outcomes(evidence.target.port):
        forward = _forward_of(outcome)
        if forward and (
            fault := _fault(evidence, firewalld, outcome.address, outcome.family, forward)
        ):
            groups.setdefault((outcome.runtime.rule, forward, fault), []).append(outcome)
    for (_, forward, fault), outcomes in groups.items():
        yield _firewalld_claim(evidence, firewalld, tuple(outcomes), forward, fault)
    firewalld_addresses = {outcome.address for outcomes in groups.values() for outcome in outcomes}
    yield from _nat_claims(evidence, firewalld, firewalld_addresses)


def _nat_claims(
    evidence: Evidence, firewalld: FirewalldView, known_addresses: set[str]
) -> Iterator[Claim]:
    """Make claims about NAT rules that are not firewalld's."""
    groups: dict[tuple[object, ...], list[tuple[DnatTarget, RulePosition, Forward, Fault]]] = {}
    for dnat_target in _nat.dnat_targets(evidence, evidence.target.port):
        place = _nat.dnat_rule(netfilter_view(evidence), dnat_target)
        if (
            dnat_target.address in known_addresses
            or place is None
            or owners.owner(place) == "firewalld"
        ):
            continue
        family = family_of(dnat_target.address)
        forward = _normalized_forward(firewalld, Forward(*dnat_target.destination))
        if fault := _fault(evidence, firewalld, dnat_target.address, family, forward):
            groups.setdefault((place.key, forward, fault), []).append(
                (dnat_target, place, forward, fault)
            )
    for group in groups.values():
        yield _nat_claim(evidence, group)


def _normalized_forward(firewalld: FirewalldView, forward: Forward) -> Forward:
    own_addresses = {address for nic in firewalld.nics for address in nic.addresses}
    return Forward("", forward.port) if forward.address in own_addresses else forward


def _forward_of(outcome: VisitorOutcome) -> Forward | None:
    """Return the forward that decides, or None if the port is not redirected."""
    if outcome.runtime.verdict != "forward":
        return None
    text = outcome.runtime.rule
    if match := re.match(r"port=[\d-]+:proto=\w+:toport=([\d-]*)(?::toaddr=(.*))?$", text):
        port, address = match[1], match[2] or ""
    else:
        rule = rich_rule(text)
        port, address = rule.value("to-port"), rule.value("to-addr")
    first_port = port.partition("-")[0]
    forward = Forward(
        address, outcome.port if (number := whole_number(first_port)) is None else number
    )
    return None if forward == Forward("", outcome.port) else forward


def _fault(
    evidence: Evidence, firewalld: FirewalldView, address: str, family: int, forward: Forward
) -> Fault | None:
    """Return the fault of a forward, or None if its destination works or cannot be judged."""
    if not evidence.good(Listeners) or _is_site_working(evidence, address):
        return None
    own_addresses = {own_address for nic in firewalld.nics for own_address in nic.addresses}
    port = evidence.target.port
    port_listeners = tuple(
        listener
        for listener in _reachable_listeners(evidence, port, family)
        if listener.process not in CONTAINER_PROCESSES
    )
    if (
        forward.address
        and forward.address not in own_addresses
        and not is_loopback(forward.address)
    ):
        # A forward takes the site away from visitors only if this machine serves the port itself.
        return "away" if port_listeners else None
    forward_listeners = _reachable_listeners(
        evidence, forward.port, family, bool(is_loopback(forward.address))
    )
    if not forward_listeners:
        return "nothing"
    if _is_plaintext(evidence, forward.port, forward_listeners):
        return "plain"
    shared_processes = {listener.process for listener in port_listeners} & {
        listener.process for listener in forward_listeners
    }
    return (
        "other"
        if port_listeners
        and not shared_processes
        and None not in _processes(port_listeners, forward_listeners)
        else None
    )


def _processes(*sockets: tuple[Listener, ...]) -> set[str | None]:
    return {listener.process for listeners in sockets for listener in listeners}


def _reachable_listeners(
    evidence: Evidence, port: int, family: int, loopback: bool = False
) -> tuple[Listener, ...]:
    """Return the listeners that a packet of this IP family from the network reaches."""
    return tuple(
        listener
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(port)
        if (listener.family == family or (family == 4 and listener.dual))
        and (loopback or not is_loopback(listener.address))
    )


def _is_site_working(evidence: Evidence, address: str) -> bool:
    """Return whether the site was observed to work over the network at this address."""
    port = evidence.target.port
    if not any(
        connection.address == address for connection in external_connections(evidence, port)
    ):
        return False
    untrusted_handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.variant == "normal" and handshake.verify_code
    ]
    return not any(handshake.address == address for handshake in untrusted_handshakes) and any(
        exchange.address == address and exchange.port == port and exchange.status < 500
        for exchange in evidence.good(Exchange)
        if exchange.status
    )


def _failed_connections(evidence: Evidence, address: str) -> tuple[Connection, ...]:
    return tuple(
        connection
        for connection in evidence.of(Connection)
        if connection.failure
        and (connection.address, connection.port) == (address, evidence.target.port)
    )


def _is_plaintext(evidence: Evidence, port: int, listeners: tuple[Listener, ...]) -> bool:
    """Return whether nginx serves plain HTTP there although the site uses TLS."""
    if not evidence.target.uses_tls or _processes(listeners) != {"nginx"}:
        return False
    configured_sockets = [
        socket
        for config in evidence.good(NginxConfig)
        for socket in server_blocks.sockets(server_blocks.servers(config.main), port)
    ]
    return bool(configured_sockets) and not any(socket.ssl for socket in configured_sockets)


def _firewalld_claim(
    evidence: Evidence,
    firewalld: FirewalldView,
    outcomes: tuple[VisitorOutcome, ...],
    forward: Forward,
    fault: Fault,
) -> Claim:
    first_outcome, is_certain = outcomes[0], fault in {"nothing", "plain"}
    zone_or_policy: Observation = (
        first_outcome.runtime.policy or first_outcome.runtime.zone_match.zone
    )
    failed_connections = [
        connection
        for outcome in outcomes
        for connection in _failed_connections(evidence, outcome.address)
    ]
    ports = (evidence.target.port,)
    # A forward of more ports than this one is also needed for the other ports.
    is_removable = is_about_only(first_outcome.runtime.rule, ports, firewalld) and not restrictions(
        evidence, ports
    )
    return Claim(
        about=subject_of(first_outcome.runtime.zone_match.zone, outcomes),
        covers=subjects_of(outcomes),
        because=(zone_or_policy, *evidence.good(Listeners), *failed_connections),
        confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
        facts={
            **facts(outcomes),
            **_forward_facts(evidence, forward, fault, first_outcome.family),
            "rule": first_outcome.runtime.rule,
            "policy": first_outcome.runtime.policy.name if first_outcome.runtime.policy else "",
            "nat": "",
        },
        fix=Fix(
            removal_commands(firewalld, first_outcome),
            _applicability(fault) if is_removable else Applicability.REVIEW,
        ),
    )


def _nat_claim(
    evidence: Evidence, group: list[tuple[DnatTarget, RulePosition, Forward, Fault]]
) -> Claim:
    _, place, forward, fault = group[0]
    view, port = netfilter_view(evidence), evidence.target.port
    addresses = tuple(dnat_target.address for dnat_target, *_ in group)
    failed_connections = [
        connection for address in addresses for connection in _failed_connections(evidence, address)
    ]
    table = f"{place.table.family} {place.table.name} {place.chain.name}"
    is_removable = remedies.is_about_only(place, (port,)) and not restrictions(evidence, (port,))
    return Claim(
        about=Subject(port=port, text=f"{place.program} {table}, {port}/tcp"),
        covers=endpoints(addresses, port),
        because=(*view.because, *evidence.good(Listeners), *failed_connections),
        confidence=Confidence.CERTAIN if fault in {"nothing", "plain"} else Confidence.LIKELY,
        facts={
            **_forward_facts(evidence, forward, fault, family_of(addresses[0])),
            "zone": "",
            "policy": "",
            "interface": (),
            "port": f"{port}/tcp",
            "rule": place.text,
            "nat": table,
        },
        fix=Fix(
            remedies.removal_steps(place, view.files),
            _applicability(fault) if place.exact and is_removable else Applicability.REVIEW,
        ),
    )


def _forward_facts(
    evidence: Evidence, forward: Forward, fault: Fault, family: int
) -> dict[str, object]:
    listeners = _reachable_listeners(evidence, forward.port, family, loopback=True)
    return {
        "to": str(forward),
        "nothing": fault == "nothing",
        "plain": fault == "plain",
        "away": fault == "away",
        "loopback": fault == "nothing" and bool(listeners),
        "process": next((listener.process for listener in listeners if listener.process), ""),
    }


def _applicability(fault: Fault) -> Applicability:
    is_certain = fault in {"nothing", "plain"}
    return Applicability.AUTOMATIC if is_certain else Applicability.REVIEW
