"""A forward (of firewalld, or a rule of NAT) leads a port elsewhere before anything that listens
on it is asked, and what it leads elsewhere is let in, whatever the zone opens (firewalld.zone(5),
forward-port).

It is a fault where it leads to nothing, or past the site. On the server itself one goes over
loopback, where nothing is forwarded: what visitors meet has to be told from the rules and from
what listens there.
"""

import re
from collections.abc import Iterator
from typing import Literal

from checks.firewall import EXPLAINS, _nat, about, covers, facts
from checks.firewall._firewalld import (
    CONTAINERS,
    Fate,
    Rules,
    is_loopback,
    rules_of,
    through_the_network,
)
from checks.firewall._firewalld_fixes import is_about_only, removing
from checks.firewall._nat import Led
from checks.firewall._netfilter import seen_of
from checks.firewall._restricted_ports import restrictions
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.firewalld.rich_rules import rich_rule
from diagnose.parsers.netfilter import owners, remedies
from diagnose.parsers.netfilter.ruleset import Place
from diagnose.parsers.nginx import server_blocks

_EXPLAINS = (
    *EXPLAINS,
    "listener.missing",
    "tls.*",
    "http.*",
    "certificate.*",
    "websocket.*",
)

Fault = Literal["nothing", "plain", "other", "away"]


@frozen
class Forward:
    """Where a port is led: to `address` ("" for this machine) and `port`."""

    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}" if host else f"{self.port}/tcp"


@check(severity=Severity.ERROR, needs=[Listeners], explains=_EXPLAINS)
def forward_port(evidence: Evidence) -> Iterator[Claim]:
    rules, groups = rules_of(evidence), dict[tuple[str, Forward, Fault], list[Fate]]()
    for fate in rules.fates(evidence.target.port):
        led = _led(fate)
        if led and (fault := _fault(evidence, rules, fate.address, fate.family, led)):
            groups.setdefault((fate.now.rule, led, fault), []).append(fate)
    for (_, led, fault), fates in groups.items():
        yield _by_firewalld(evidence, rules, tuple(fates), led, fault)
    mine = {fate.address for fates in groups.values() for fate in fates}
    yield from _by_nat(evidence, rules, mine)


def _by_nat(evidence: Evidence, rules: Rules, known: set[str]) -> Iterator[Claim]:
    """Rules of NAT besides firewalld's own."""
    found: dict[tuple[object, ...], list[tuple[Led, Place, Forward, Fault]]] = {}
    for one in _nat.led(evidence, evidence.target.port):
        place = _nat.by(seen_of(evidence), one)
        if one.address in known or place is None or owners.owner(place) == "firewalld":
            continue
        family = 6 if ":" in one.address else 4
        led = _here(rules, Forward(*one.to))
        if fault := _fault(evidence, rules, one.address, family, led):
            found.setdefault((place.key, led, fault), []).append((one, place, led, fault))
    for some in found.values():
        yield _nat_claim(evidence, some)


def _here(rules: Rules, led: Forward) -> Forward:
    own = {address for nic in rules.nics for address in nic.addresses}
    return Forward("", led.port) if led.address in own else led


def _led(fate: Fate) -> Forward | None:
    """None where it is not led elsewhere."""
    if fate.now.verdict != "forward":
        return None
    text = fate.now.rule
    if found := re.match(r"port=[\d-]+:proto=\w+:toport=([\d-]*)(?::toaddr=(.*))?$", text):
        port, address = found[1], found[2] or ""
    else:
        rule = rich_rule(text)
        port, address = rule.value("to-port"), rule.value("to-addr")
    first = port.partition("-")[0]
    led = Forward(address, int(first) if first.isdigit() else fate.port)
    return None if led == Forward("", fate.port) else led


def _fault(
    evidence: Evidence, rules: Rules, address: str, family: int, led: Forward
) -> Fault | None:
    """None where it leads to a working place, or nobody can tell."""
    if not evidence.good(Listeners) or _works(evidence, address):
        return None
    own = {one for nic in rules.nics for one in nic.addresses}
    port = evidence.target.port
    listening = tuple(
        one for one in _reachable(evidence, port, family) if one.process not in CONTAINERS
    )
    if led.address and led.address not in own and not is_loopback(led.address):
        # Only what this machine serves itself is kept from visitors.
        return "away" if listening else None
    there = _reachable(evidence, led.port, family, bool(is_loopback(led.address)))
    if not there:
        return "nothing"
    if _is_plain(evidence, led.port, there):
        return "plain"
    alike = {one.process for one in listening} & {one.process for one in there}
    return "other" if listening and not alike and None not in _processes(listening, there) else None


def _processes(*sockets: tuple[Listener, ...]) -> set[str | None]:
    return {one.process for some in sockets for one in some}


def _reachable(
    evidence: Evidence, port: int, family: int, loopback: bool = False
) -> tuple[Listener, ...]:
    """What a packet of that family meets that came in by the network."""
    return tuple(
        one
        for seen in evidence.good(Listeners)
        for one in seen.on(port)
        if (one.family == family or (family == 4 and one.dual))
        and (loopback or not is_loopback(one.address))
    )


def _works(evidence: Evidence, address: str) -> bool:
    """Whether the site was seen to work through the network, at that address."""
    port = evidence.target.port
    if not any(one.address == address for one in through_the_network(evidence, port)):
        return False
    doubted = [one for one in evidence.of(Handshake) if one.variant == "normal" and one.verify_code]
    return not any(one.address == address for one in doubted) and any(
        one.address == address and one.port == port and one.status < 500
        for one in evidence.good(Exchange)
        if one.status
    )


def _fails(evidence: Evidence, address: str) -> tuple[Connection, ...]:
    return tuple(
        one
        for one in evidence.of(Connection)
        if one.failure and (one.address, one.port) == (address, evidence.target.port)
    )


def _is_plain(evidence: Evidence, port: int, there: tuple[Listener, ...]) -> bool:
    """Whether nginx speaks no TLS there, and the site does."""
    if evidence.target.scheme not in {"https", "wss"} or _processes(there) != {"nginx"}:
        return False
    configured = [
        one
        for config in evidence.good(NginxConfig)
        for one in server_blocks.sockets(server_blocks.servers(config.main), port)
    ]
    return bool(configured) and not any(one.ssl for one in configured)


def _by_firewalld(
    evidence: Evidence, rules: Rules, fates: tuple[Fate, ...], led: Forward, fault: Fault
) -> Claim:
    first, sure = fates[0], fault in {"nothing", "plain"}
    place: Observation = first.now.policy or first.now.entered.zone
    failed = [one for fate in fates for one in _fails(evidence, fate.address)]
    ports = (evidence.target.port,)
    # A forward of more ports than this one also keeps the others where they go.
    alone = is_about_only(first.now.rule, ports, rules) and not restrictions(evidence, ports)
    return Claim(
        about=about(first.now.entered.zone, fates),
        covers=covers(fates),
        because=(place, *evidence.good(Listeners), *failed),
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        facts={
            **facts(fates),
            **_told(evidence, led, fault, first.family),
            "rule": first.now.rule,
            "policy": first.now.policy.name if first.now.policy else "",
            "nat": "",
        },
        fix=Fix(removing(rules, first), _sureness(fault) if alone else Applicability.REVIEW),
    )


def _nat_claim(evidence: Evidence, some: list[tuple[Led, Place, Forward, Fault]]) -> Claim:
    _, place, led, fault = some[0]
    seen, port = seen_of(evidence), evidence.target.port
    addresses = tuple(one.address for one, *_ in some)
    failed = [one for address in addresses for one in _fails(evidence, address)]
    table = f"{place.table.family} {place.table.name} {place.chain.name}"
    alone = remedies.is_about_only(place, (port,)) and not restrictions(evidence, (port,))
    return Claim(
        about=Subject(port=port, text=f"{place.program} {table}, {port}/tcp"),
        covers=endpoints(addresses, port),
        because=(*seen.because, *evidence.good(Listeners), *failed),
        confidence=Confidence.CERTAIN if fault in {"nothing", "plain"} else Confidence.LIKELY,
        facts={
            **_told(evidence, led, fault, 6 if ":" in addresses[0] else 4),
            "zone": "",
            "policy": "",
            "interface": (),
            "port": f"{port}/tcp",
            "rule": place.text,
            "nat": table,
        },
        fix=Fix(
            remedies.removed(place, seen.files),
            _sureness(fault) if place.exact and alone else Applicability.REVIEW,
        ),
    )


def _told(evidence: Evidence, led: Forward, fault: Fault, family: int) -> dict[str, object]:
    there = _reachable(evidence, led.port, family, loopback=True)
    return {
        "to": str(led),
        "nothing": fault == "nothing",
        "plain": fault == "plain",
        "away": fault == "away",
        "loopback": fault == "nothing" and bool(there),
        "process": next((one.process for one in there if one.process), ""),
    }


def _sureness(fault: Fault) -> Applicability:
    sure = fault in {"nothing", "plain"}
    return Applicability.AUTOMATIC if sure else Applicability.REVIEW
