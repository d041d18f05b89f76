"""How the target's port fared at each address: one fate an address, so that no two checks claim
the same attempts."""

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
    together,
)
from diagnose.model.frozen import frozen
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

Fate = Literal[
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

#: A neighbour that does not answer is given up after three tries in 3 s (arp(7), mcast_solicit);
#: one who asks while another already waits is told sooner. A rule of a firewall takes no time,
#: or a second where the first SYN's answer was lost.
SLOW = 1.5

#: So many bytes fit one packet on any path in use, and say nothing of larger ones (RFC 8200
#: section 5: 1280 with headers).
ONE_PACKET = 1200


@frozen
class Port:
    """The target's port at one address: every try of it, and its fate."""

    address: str
    tries: tuple[Connection, ...]
    fate: Fate

    @property
    def telling(self) -> Connection:
        """The try that its fate rests on: a reject rather than a silence (which a limit on the
        rate of rejects explains), and of several the first."""
        return min(self.tries, key=lambda one: _WORTH.get(one.rejected_by or "", 9))


_WORTH = {"host": 0, "router": 1, "self": 2, "unknown": 3}


def ports(evidence: Evidence, *fates: Fate) -> tuple[Port, ...]:
    """The target's port at every address that was tried from here and met one of these fates."""
    tries: dict[str, list[Connection]] = {}
    for seen in evidence.of(Connection):
        if seen.purpose in {"target", "again"} and seen.vantage is Vantage.HERE:
            tries.setdefault(seen.address, []).append(seen)
    in_order = sorted(tries.items(), key=lambda item: item[1][0].family)
    found = (Port(address, tuple(same), _fate(evidence, same)) for address, same in in_order)
    return tuple(port for port in found if not fates or port.fate in fates)


def subjects(met: Iterable[Port]) -> tuple[Subject, ...]:
    return tuple(
        subject for port in met for subject in endpoints([port.address], port.tries[0].port)
    )


def claim(
    evidence: Evidence,
    met: tuple[Port, ...],
    *steps: Manual,
    said: Mapping[str, object],
    besides: tuple[Observation, ...] = (),
    confidence: Confidence = Confidence.CERTAIN,
    ruled_out: tuple[str, ...] = (),
) -> Claim:
    """What is claimed of ports that met the same fate: `said` are its own facts, `besides` what it
    rests on besides the tries."""
    return Claim(
        about=together(subjects(met)),
        covers=subjects(met),
        because=(*(one for port in met for one in port.tries), *besides),
        confidence=confidence,
        severity=severity(evidence),
        ruled_out=ruled_out,
        facts={**facts(evidence, met), **said},
        fix=Fix(steps, Applicability.MANUAL),
    )


def severity(evidence: Evidence) -> Severity:
    """An error; a warning where the port answers at another of the site's addresses, to which
    a visitor's program turns (RFC 8305). Of localhost only this machine's programs are visitors,
    and one of its addresses is as good as the other."""
    if not ports(evidence, "open", "unstable"):
        return Severity.ERROR
    from diagnose.model.dns import is_loopback_name

    return Severity.NOTE if is_loopback_name(evidence.target.host) else Severity.WARNING


def facts(evidence: Evidence, met: tuple[Port, ...]) -> dict[str, object]:
    """What the texts of all these checks may say: where, and which other ports answer there or
    are rejected or silent as well."""
    address = met[0].address
    there = {port.address for port in met}
    others = [
        seen
        for seen in evidence.of(Connection)
        if seen.address in there and seen.purpose in {"plain", "control"}
    ]
    return {
        "addresses": tuple(port.address for port in met),
        "port": met[0].tries[0].port,
        "target": evidence.target.authority,
        "server": f"[{address}]" if ":" in address else address,
        "open_ports": _numbers(one for one in others if one.failure is None),
        "refusing_ports": _numbers(one for one in others if one.failure and _answered(one)),
        "rejected_ports": _numbers(one for one in others if _rejected(one)),
        "silent_ports": _numbers(one for one in others if _kind(one) == "timeout"),
    }


def answers(met: Iterable[Port]) -> tuple[str, ...]:
    """What came back at each address: "203.0.113.10 (ICMP 3/13, EHOSTUNREACH, 1 ms)"."""
    return tuple(f"{port.address} ({answer(port.telling)})" for port in met)


def answer(seen: Connection) -> str:
    assert seen.failure is not None
    parts = [seen.failure.name or seen.failure.message, f"{max(seen.took * 1000, 1):.0f} ms"]
    if seen.icmp:
        protocol = "ICMPv6" if seen.icmp.version == 6 else "ICMP"
        parts.insert(0, f"{protocol} {seen.icmp.type}/{seen.icmp.code}")
    return ", ".join(parts)


def _fate(evidence: Evidence, tries: list[Connection]) -> Fate:
    opened = [one for one in tries if one.failure is None]
    if opened:
        return "open" if len(opened) == len(tries) else "unstable"
    rejects = sorted(
        (one for one in tries if one.rejected_by), key=lambda one: _WORTH[str(one.rejected_by)]
    )
    if rejects and not _is_own_from_inside(evidence, tries[0].address):
        return _rejected_fate(evidence, rejects[0])
    kinds = {_kind(one) for one in tries}
    if all(one.unroutable for one in tries):
        return "no-route"
    if _is_own_from_inside(evidence, tries[0].address):
        return "hairpin"
    if "refused" in kinds:
        return "refused"
    return "silent" if kinds == {"timeout"} else "other"


def _is_own_from_inside(evidence: Evidence, address: str) -> bool:
    """Whether the server itself asks for a public address that it does not hold, and that a router
    or a cloud may translate to one of its private ones: many such do so for others only (RFC 4787
    section 6, hairpinning), so that this says nothing of visitors."""
    inside = [one for one in evidence.of(Host) if one.vantage is Vantage.SERVER]
    if ":" in address or not any(one.via == "local" for one in inside):
        return False
    from diagnose.model.dns import NOWHERE, is_private, is_within
    from diagnose.model.server import Interface

    found = (one for nic in evidence.good(Interface) for one in nic.addresses)
    own = [one for one in found if ":" not in one and not is_within(one, NOWHERE)]
    return bool(own) and not is_private(address) and all(map(is_private, own))


def _rejected_fate(evidence: Evidence, seen: Connection) -> Fate:
    slow = seen.took >= SLOW and not _up(evidence, seen.address)
    means = icmp.meaning(seen.icmp.version, seen.icmp.type, seen.icmp.code) if seen.icmp else None
    match seen.rejected_by:
        case "host":
            return "refused" if means == "port" else "rejected-by-host"
        case "router":
            return "host-down" if slow and means == "host" else "rejected-by-router"
        case "self":
            if means != "host" or seen.took < SLOW:
                return "rejected-by-self"
            return "gateway-silent" if seen.on_link is False else "host-down"
        case _:
            unanswered = slow and seen.failure and seen.failure.code == errno.EHOSTUNREACH
            return "host-down" if unanswered else "rejected-by-host"


def _up(evidence: Evidence, address: str) -> bool:
    """Whether anything at all answers at an address, as a host that is down does not."""
    return any(
        seen.address == address and (_answered(seen) or seen.rejected_by == "host")
        for seen in evidence.of(Connection)
    )


def _answered(seen: Connection) -> bool:
    """Opened, or refused by TCP itself."""
    return seen.failure is None or (_kind(seen) == "refused" and seen.icmp is None)


def _rejected(seen: Connection) -> bool:
    return seen.rejected_by in {"host", "router", "unknown"}


def _kind(seen: Connection) -> str:
    return seen.failure.kind if seen.failure else ""


def _numbers(seen: Iterable[Connection]) -> tuple[int, ...]:
    return tuple(sorted({one.port for one in seen}))
