"""Checks of the layer `tcp`, and what they share: one outcome per address for the target's port, so
that two checks never claim the same attempts."""

import errno
from collections.abc import Iterable, Mapping
from typing import Literal

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Observation,
    Severity,
    Subject,
    Vantage,
    endpoints,
    merge_subjects,
)
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.kernel import KernelDrop
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

PortOutcome = Literal[
    "open",
    "unstable",
    "rejected-by-host",
    "rejected-by-router",
    "rejected-by-self",
    "host-down",
    "gateway-silent",
    "refused",
    "no-route",
    "silent",
    "hairpin",
    "other",
]

#: Seconds. The kernel gives up on a neighbour that does not reply after three requests in 3 s
#: (arp(7), mcast_solicit), or sooner if another program is already waiting. A firewall rule replies
#: at once, or after one second if the reply to the first SYN was lost.
SLOW = 1.5

#: Bytes. So much fits into one packet on any path in use, and proves nothing about larger packets
#: (RFC 8200 section 5: 1280 with headers).
ONE_PACKET = 1200


@frozen
class ProbedPort:
    """The target's port at one address: all attempts and their common outcome."""

    address: str
    attempts: tuple[Connection, ...]
    outcome: PortOutcome

    @property
    def decisive_attempt(self) -> Connection:
        """The attempt that the outcome rests on.

        A reject counts more than a timeout, which a rate limit on rejects explains. Of equal
        attempts it is the first.
        """
        return min(
            self.attempts, key=lambda attempt: _REJECTER_RANK.get(attempt.rejected_by or "", 9)
        )


_REJECTER_RANK = {"host": 0, "router": 1, "self": 2, "unknown": 3}


def probed_ports(evidence: Evidence, *outcomes: PortOutcome) -> tuple[ProbedPort, ...]:
    """Return the target's port at every address that was tried from here and has one of these
    outcomes."""
    attempts_by_address: dict[str, list[Connection]] = {}
    for connection in evidence.of(Connection):
        if connection.is_to_target and connection.vantage is Vantage.HERE:
            attempts_by_address.setdefault(connection.address, []).append(connection)
    in_order = sorted(attempts_by_address.items(), key=lambda item: item[1][0].family)
    all_ports = (
        ProbedPort(address, tuple(attempts), _outcome(evidence, attempts))
        for address, attempts in in_order
    )
    return tuple(port for port in all_ports if not outcomes or port.outcome in outcomes)


def subjects(ports: Iterable[ProbedPort]) -> tuple[Subject, ...]:
    return tuple(
        subject for port in ports for subject in endpoints([port.address], port.attempts[0].port)
    )


def claim(
    evidence: Evidence,
    ports: tuple[ProbedPort, ...],
    *steps: Manual,
    extra_facts: Mapping[str, object],
    extra_observations: tuple[Observation, ...] = (),
    confidence: Confidence = Confidence.CERTAIN,
    ruled_out: tuple[str, ...] = (),
) -> Claim:
    """Make a claim about ports with the same outcome.

    `extra_facts` and `extra_observations` are added to those that all these claims have.
    """
    return Claim(
        about=merge_subjects(subjects(ports)),
        covers=subjects(ports),
        because=(
            *(attempt for port in ports for attempt in port.attempts),
            *kernel_drops(evidence, ports),
            *extra_observations,
        ),
        confidence=confidence,
        severity=severity(evidence),
        ruled_out=ruled_out,
        facts={**facts(evidence, ports), **extra_facts},
        fix=Fix(steps, Applicability.MANUAL),
    )


def kernel_drops(evidence: Evidence, ports: tuple[ProbedPort, ...]) -> tuple[KernelDrop, ...]:
    """Return what the server's kernel dropped of this run's packets to these ports. The address may
    be translated on the way, so it does not count."""
    numbers = {attempt.port for port in ports for attempt in port.attempts}
    return tuple(drop for drop in evidence.good(KernelDrop) if drop.port in numbers)


def severity(evidence: Evidence) -> Severity:
    """Return an error, or a warning if the port works at another address of the site, to which
    clients fall back (RFC 8305).

    A note for localhost: only programs on this machine use it, and each of its addresses will do.
    """
    if not probed_ports(evidence, "open", "unstable"):
        return Severity.ERROR
    from diagnose.model.dns import is_loopback_name

    return Severity.NOTE if is_loopback_name(evidence.target.host) else Severity.WARNING


def facts(evidence: Evidence, ports: tuple[ProbedPort, ...]) -> dict[str, object]:
    """Return the facts for the texts of all these checks: the addresses, and which other ports
    there are open, rejected or silent."""
    address = ports[0].address
    addresses = {port.address for port in ports}
    other_connections = [
        connection
        for connection in evidence.of(Connection)
        if connection.address in addresses and connection.purpose in {"plain", "control"}
    ]
    drops = kernel_drops(evidence, ports)
    return {
        "addresses": tuple(port.address for port in ports),
        "kernel": drops[0].text if drops else "",
        "kernel_replies": bool(drops) and drops[0].packet == "reply",
        "port": ports[0].attempts[0].port,
        "target": evidence.target.authority,
        "server": bracketed(address),
        "open_ports": _port_numbers(
            connection for connection in other_connections if connection.failure is None
        ),
        "refusing_ports": _port_numbers(
            connection
            for connection in other_connections
            if connection.failure and _is_answered(connection)
        ),
        "rejected_ports": _port_numbers(
            connection for connection in other_connections if _is_rejected(connection)
        ),
        "silent_ports": _port_numbers(
            connection for connection in other_connections if _failure_kind(connection) == "timeout"
        ),
    }


def failure_summaries(ports: Iterable[ProbedPort]) -> tuple[str, ...]:
    """Return what came back at each address: "203.0.113.10 (ICMP 3/13, EHOSTUNREACH, 1 ms)"."""
    return tuple(f"{port.address} ({failure_summary(port.decisive_attempt)})" for port in ports)


def failure_summary(connection: Connection) -> str:
    assert connection.failure is not None
    parts = [
        connection.failure.name or connection.failure.message,
        f"{max(connection.took * 1000, 1):.0f} ms",
    ]
    if connection.icmp:
        protocol = "ICMPv6" if connection.icmp.version == 6 else "ICMP"
        parts.insert(0, f"{protocol} {connection.icmp.type}/{connection.icmp.code}")
    return ", ".join(parts)


def _outcome(evidence: Evidence, attempts: list[Connection]) -> PortOutcome:
    open_attempts = [attempt for attempt in attempts if attempt.failure is None]
    if open_attempts:
        return "open" if len(open_attempts) == len(attempts) else "unstable"
    rejections = sorted(
        (attempt for attempt in attempts if attempt.rejected_by),
        key=lambda attempt: _REJECTER_RANK[str(attempt.rejected_by)],
    )
    if rejections and not _is_hairpin(evidence, attempts[0].address):
        return _rejected_outcome(evidence, rejections[0])
    kinds = {_failure_kind(attempt) for attempt in attempts}
    if all(attempt.unroutable for attempt in attempts):
        return "no-route"
    if _is_hairpin(evidence, attempts[0].address):
        return "hairpin"
    if "refused" in kinds:
        return "refused"
    return "silent" if kinds == {"timeout"} else "other"


def _is_hairpin(evidence: Evidence, address: str) -> bool:
    """Return whether the server connects to its own public address, which a router or a cloud
    translates to a private one.

    Many routers do not translate for the server itself (RFC 4787 section 6, hairpinning), so a
    failure says nothing about visitors.
    """
    server_hosts = [host for host in evidence.of(Host) if host.vantage is Vantage.SERVER]
    if ":" in address or not any(host.via == "local" for host in server_hosts):
        return False
    from diagnose.model.addresses import LOCAL_ONLY, is_private, is_within
    from diagnose.model.server import Interface

    interface_addresses = (
        interface_address
        for interface in evidence.good(Interface)
        for interface_address in interface.addresses
    )
    own_addresses = [
        interface_address
        for interface_address in interface_addresses
        if ":" not in interface_address and not is_within(interface_address, LOCAL_ONLY)
    ]
    return bool(own_addresses) and not is_private(address) and all(map(is_private, own_addresses))


def _rejected_outcome(evidence: Evidence, connection: Connection) -> PortOutcome:
    slow = connection.took >= SLOW and not _is_up(evidence, connection.address)
    icmp_meaning = (
        icmp.error_meaning(connection.icmp.version, connection.icmp.type, connection.icmp.code)
        if connection.icmp
        else None
    )
    match connection.rejected_by:
        case "host":
            return "refused" if icmp_meaning == "port" else "rejected-by-host"
        case "router":
            return "host-down" if slow and icmp_meaning == "host" else "rejected-by-router"
        case "self":
            if icmp_meaning != "host" or connection.took < SLOW:
                return "rejected-by-self"
            return "gateway-silent" if connection.on_link is False else "host-down"
        case _:
            unanswered = (
                slow and connection.failure and connection.failure.code == errno.EHOSTUNREACH
            )
            return "host-down" if unanswered else "rejected-by-host"


def _is_up(evidence: Evidence, address: str) -> bool:
    """Return whether anything replies at the address; a host that is down does not."""
    return any(
        connection.address == address
        and (_is_answered(connection) or connection.rejected_by == "host")
        for connection in evidence.of(Connection)
    )


def _is_answered(connection: Connection) -> bool:
    """Return whether the port opened, or TCP itself refused it."""
    return connection.failure is None or (
        _failure_kind(connection) == "refused" and connection.icmp is None
    )


def _is_rejected(connection: Connection) -> bool:
    return connection.rejected_by in {"host", "router", "unknown"}


def _failure_kind(connection: Connection) -> str:
    return connection.failure.kind if connection.failure else ""


def _port_numbers(connections: Iterable[Connection]) -> tuple[int, ...]:
    return tuple(sorted({connection.port for connection in connections}))
