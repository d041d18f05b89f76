"""Checks of the layer `firewall`, and what they share: by which zone of firewalld a visitor's
traffic enters, and what is closed there.

A closed port is exactly one of `firewall.not-reloaded`, `firewall.wrong-zone` and
`firewall.port-closed`, so that no two of them speak of the same fault.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from diagnose.frozen import frozen
from diagnose.model import (
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Host,
    Observation,
    Severity,
    Subject,
    Vantage,
)
from diagnose.model.dns import Resolution
from diagnose.model.server import Firewalld, Interface, Listeners, PortRange, Zone
from diagnose.model.tcp import Connection

#: What a closed port looks like to others.
EXPLAINS = (
    "tcp.rejected-by-host",
    "tcp.timeout",
    "tcp.unstable",
    "tcp.refused",
    "http.port-closed",
    "http.acme-challenge-blocked",
    "dns.dead-address",
    "dns.dead-ipv6",
)

Fault = Literal["port-closed", "not-reloaded", "wrong-zone"]

_SERVICES = {80: "http", 443: "https"}
_EVERYONE = {4: "0.0.0.0/0", 6: "::/0"}


@frozen
class Entry:
    """A zone by which visitors enter: what it is now (`zone`), what it would be after a reload
    (`later`, None where that may not be read), by which interfaces and at which addresses."""

    zone: Zone
    later: Zone | None
    interfaces: tuple[str, ...]
    addresses: tuple[str, ...]


@frozen
class Closed:
    """Ports that are closed where visitors enter, all by the same fault. `instead` is another
    zone in which they are open; `reached` what nevertheless got through."""

    entry: Entry
    ports: tuple[int, ...]
    instead: Zone | None
    reached: tuple[Connection, ...]


class Rules:
    """firewalld's rules, as far as they were seen."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        zones = evidence.good(Zone)
        self.daemon = next((one for one in evidence.good(Firewalld) if one.running), None)
        self.now = {zone.name: zone for zone in zones if not zone.permanent}
        self.later = {zone.name: zone for zone in zones if zone.permanent}
        self.nics = [one for one in evidence.good(Interface) if one.vantage is Vantage.SERVER]
        self.services = dict(self.daemon.services) if self.daemon else {}

    def entries(self) -> tuple[Entry, ...]:
        """The zones by which the target's visitors enter; none where firewalld does not decide."""
        if self.daemon is None or self.daemon.panic:
            return ()
        found: dict[str, list[tuple[str, str]]] = {}
        for address in target_addresses(self.evidence) or ("",):
            nic = self._nic(address)
            if zone := self._zone(nic, 6 if ":" in address else 4):
                found.setdefault(zone.name, []).append((nic, address))
        return tuple(self._entry(self.now[name], pairs) for name, pairs in found.items())

    def admits(self, zone: Zone, port: int) -> bool:
        """Whether the zone lets a TCP port in, or leads it elsewhere, so that the zone's ports
        do not decide."""
        return (
            self.opens(zone, port)
            or any(_forwards(rule, port) for rule in zone.forward_ports)
            or self._direct_admits(port)
        )

    def opens(self, zone: Zone, port: int) -> bool:
        """Whether the zone lets a TCP port in by its ports, services, target or a rich rule."""
        return zone.admits(port) or any(self.rule_admits(rule, port) for rule in zone.rich_rules)

    def only_now(self) -> bool:
        """Whether a reload would take something away, or may, as far as anyone can tell."""
        return not self.later or any(
            name not in self.later or _more(zone, self.later[name])
            for name, zone in self.now.items()
        )

    def option(self, port: int, action: str = "add") -> str:
        """firewall-cmd's option for a port: by its service, unless that is defined otherwise."""
        service = _SERVICES.get(port, "")
        if any(port in one and one.protocol == "tcp" for one in self.services.get(service, ())):
            return f"--{action}-service={service}"
        return f"--{action}-port={port}/tcp"

    def _entry(self, zone: Zone, pairs: list[tuple[str, str]]) -> Entry:
        nics = tuple(dict.fromkeys(nic for nic, _ in pairs if nic))
        later = self.later.get(zone.name)
        if not set(_EVERYONE.values()) & set(zone.sources):
            later = self._bound_later(zone, nics[:1]) or later
        return Entry(zone, later, nics, tuple(address for _, address in pairs if address))

    def _bound_later(self, zone: Zone, nics: tuple[str, ...]) -> Zone | None:
        """Where the interface will be: a reload follows the permanent configuration, and keeps
        what is bound now only where that says nothing."""
        for one in self.later.values():
            if _holds(one, nics):
                return one
        if self.daemon and not _holds(zone, nics):
            return self.later.get(self.daemon.permanent_default)
        return None

    def _nic(self, address: str) -> str:
        """The interface of an address of the target: the one that holds it, else, as it is then
        translated on the way, the one of the default route."""
        if not is_loopback(address):
            for nic in self.nics:
                if address in nic.addresses:
                    return nic.name
        family = 6 if ":" in address else 4
        routed = [nic.name for nic in self.nics if family in nic.default]
        routed += [nic.name for nic in self.nics if nic.default]
        return routed[0] if routed else ""

    def _zone(self, nic: str, family: int) -> Zone | None:
        """Sources come before interfaces, and these before the default (firewalld.zones(5))."""
        zones = self.now.values()
        every = (zone for zone in zones if _EVERYONE[family] in zone.sources)
        bound = (zone for zone in zones if nic and _holds(zone, (nic,)))
        default = self.now.get(self.daemon.default_zone) if self.daemon else None
        return next(every, None) or next(bound, None) or default

    def rule_admits(self, rule: str, port: int) -> bool:
        """A rich rule that accepts the port, if only from some (firewalld.richlanguage(5))."""
        if not re.search(r"\baccept\b", rule):
            return False
        if service := re.search(r'\bservice name="([^"]*)"', rule):
            opens = self.services.get(service[1]) or _STOCK.get(service[1]) or ()
            return any(port in one and one.protocol == "tcp" for one in opens)
        if given := re.search(r'(?<!-)\bport port="(\d+)(?:-(\d+))?" protocol="(\w+)"', rule):
            low, high = int(given[1]), int(given[2] or given[1])
            return given[3] == "tcp" and low <= port <= high
        if protocol := re.search(r'\bprotocol value="([^"]*)"', rule):
            return protocol[1] == "tcp"
        return not re.search(r"\b(icmp-type|icmp-block|source-port|masquerade)\b", rule)

    def _direct_admits(self, port: int) -> bool:
        """A direct rule counts on iptables; on nftables firewalld's own reject comes after it."""
        if self.daemon is None or self.daemon.backend == "nftables":
            return False
        number = re.compile(rf"--(?:dport|dports|destination-ports?)\s+\S*\b{port}\b.*\bACCEPT\b")
        return any(number.search(rule) for rule in self.daemon.direct)


_STOCK = {name: (PortRange(port, port, "tcp"),) for port, name in _SERVICES.items()}


@frozen
class _Port:
    """A port closed in a zone: another zone that opens it, and what got through all the same."""

    number: int
    later: bool
    instead: Zone | None
    reached: tuple[Connection, ...]


def closed(evidence: Evidence, fault: Fault) -> Iterator[Closed]:
    """What is closed by this fault, a zone at a time. Ports that one remedy opens are one fault,
    by the more general of their names."""
    rules = Rules(evidence)
    entries = rules.entries()
    for entry in entries:
        shut = [
            _port(rules, entries, entry, port)
            for port in ports_that_matter(evidence)
            if not rules.admits(entry.zone, port) and not _is_elsewhere(evidence, port)
        ]
        for reached in (False, True):
            alike = [one for one in shut if bool(one.reached) is reached]
            for kind, ports in _sorted(alike):
                if kind == fault and ports:
                    numbers = tuple(one.number for one in ports)
                    through = tuple(seen for one in ports for seen in one.reached)
                    yield Closed(entry, numbers, ports[0].instead, through)


def _port(rules: Rules, entries: Iterable[Entry], entry: Entry, port: int) -> _Port:
    later = entry.later is not None and rules.admits(entry.later, port)
    reached = _reached(rules, entry, port)
    return _Port(port, later, _instead(rules, entries, port), reached)


def _sorted(ports: list[_Port]) -> tuple[tuple[Fault, list[_Port]], ...]:
    unlisted = [one for one in ports if not one.later]
    elsewhere = bool(unlisted) and all(one.instead for one in unlisted)
    return (
        ("not-reloaded", [one for one in ports if one.later]),
        ("wrong-zone" if elsewhere else "port-closed", unlisted),
    )


def _instead(rules: Rules, entries: Iterable[Entry], port: int) -> Zone | None:
    """Another zone, by which the target's visitors do not enter, that opens the port on purpose
    (and not, like "trusted", everything)."""
    entered = {entry.zone.name for entry in entries}
    others = [*rules.now.values(), *rules.later.values()]
    return next(
        (
            zone
            for zone in others
            if zone.name not in entered and zone.target != "ACCEPT" and zone.admits(port)
        ),
        None,
    )


def ports_that_matter(evidence: Evidence) -> tuple[int, ...]:
    """The target's port, and 80 if something listens there for others than this machine."""
    port = evidence.target.port
    on_80 = [one for seen in evidence.good(Listeners) for one in seen.on(80)]
    redirect = port != 80 and any(not is_loopback(one.address) for one in on_80)
    return (port, 80) if redirect else (port,)


def target_addresses(evidence: Evidence) -> tuple[str, ...]:
    """The addresses by which visitors come, in the order seen. A name that leads to this
    machine's loopback here leads elsewhere for others."""
    found = [one.address for one in evidence.of(Connection) if one.purpose == "target"]
    found += [address for one in evidence.good(Resolution) for address in one.addresses]
    return tuple(address for address in dict.fromkeys(found) if not is_loopback(address))


def is_loopback(address: str) -> bool:
    """127.0.0.0/8 and ::1 (RFC 6890)."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def through_the_network(evidence: Evidence, port: int) -> tuple[Connection, ...]:
    """The connections to a port that went well and left the machine: on the server itself,
    those to its own addresses go over loopback and show nothing."""
    own: set[str] = set()
    if _probes_from_the_server(evidence):
        own = {address for nic in evidence.good(Interface) for address in nic.addresses}
    return tuple(
        one
        for one in evidence.good(Connection)
        if one.vantage is Vantage.HERE
        and one.port == port
        and one.address not in own
        and not is_loopback(one.address)
    )


def _probes_from_the_server(evidence: Evidence) -> bool:
    """Whether `here` is the server: the door to it was no network, or the probing machine is
    known to be it."""
    return any(
        (host.vantage is Vantage.SERVER and host.via == "local")
        or (host.vantage is Vantage.HERE and host.role == "server")
        for host in evidence.good(Host)
    )


def _is_elsewhere(evidence: Evidence, port: int) -> bool:
    """Nothing here listens on the port, or only a container engine on behalf of others, and it
    answers all the same: TLS ends at a load balancer, or the traffic is led past these rules."""
    if not through_the_network(evidence, port):
        return False
    read = evidence.good(Listeners)
    sockets = [one for seen in read for one in seen.on(port)]
    return bool(read) and all((one.process or "") in _CONTAINERS for one in sockets)


_CONTAINERS = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}


def _reached(rules: Rules, entry: Entry, port: int) -> tuple[Connection, ...]:
    """What got through although the rules say closed. Not so if the client's own address is
    bound to a zone that lets it in: then others are still rejected."""
    welcome = [
        source
        for zone in rules.now.values()
        if zone.name != entry.zone.name and rules.admits(zone, port)
        for source in zone.sources
    ]
    return tuple(
        one
        for one in through_the_network(rules.evidence, port)
        if (not entry.addresses or one.address in entry.addresses)
        and not any(_within(one.source, source) for source in welcome)
    )


def _within(address: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _holds(zone: Zone, nics: Iterable[str]) -> bool:
    """Whether an interface is in the zone; "eth+" stands for all that begin so."""
    return any(
        one == nic or (one.endswith("+") and nic.startswith(one[:-1]))
        for nic in nics
        for one in zone.interfaces
    )


def _forwards(rule: str, port: int) -> bool:
    given = re.search(r"port=(\d+)(?:-(\d+))?:proto=tcp", rule)
    return bool(given) and int(given[1]) <= port <= int(given[2] or given[1]) if given else False


def _more(now: Zone, later: Zone) -> bool:
    """Whether the zone has something now that it will not have after a reload."""
    return now.target != later.target or any(
        set(getattr(now, side)) - set(getattr(later, side))
        for side in ("services", "ports", "opens", "sources", "rich_rules", "forward_ports")
    )


# What the checks say


def claim(found: Closed, rules: Rules, fix: Fix, **more: object) -> Claim:
    """What is closed and where; doubted, and no fault, if a client got through all the same."""
    target = rules.evidence.target.port
    severity = Severity.ERROR if target in found.ports else Severity.WARNING
    doubted = bool(found.reached)
    because: list[Observation] = [found.entry.zone]
    because += [one for one in (found.entry.later, found.instead, *found.reached) if one]
    return Claim(
        about=about(found.entry, found.ports),
        covers=covers(found.entry, found.ports),
        because=tuple(because),
        facts={**facts(found.entry, found.ports), "contradiction": _words(found.reached), **more},
        confidence=Confidence.POSSIBLE if doubted else Confidence.CERTAIN,
        severity=Severity.NOTE if doubted else severity,
        fix=fix,
    )


def facts(entry: Entry, ports: tuple[int, ...]) -> dict[str, Any]:
    return {
        "zone": entry.zone.name,
        "interface": entry.interfaces,
        "port": f"{ports[0]}/tcp",
        "ports": tuple(f"{port}/tcp" for port in ports),
        "target": entry.zone.target,
        "drops": entry.zone.target == "DROP",
    }


def about(entry: Entry, ports: tuple[int, ...]) -> Subject:
    numbers = ", ".join(f"{port}/tcp" for port in ports)
    text = ", ".join((f"{entry.zone.name} zone", *entry.interfaces, numbers))
    return Subject(port=ports[0] if len(ports) == 1 else None, text=text)


def covers(entry: Entry, ports: tuple[int, ...]) -> tuple[Subject, ...]:
    addresses = entry.addresses or (None,)
    return tuple(Subject(address=address, port=port) for port in ports for address in addresses)


def opening(rules: Rules, entry: Entry, ports: tuple[int, ...]) -> Fix:
    """Open ports where the traffic enters, for now and for good: by a reload where that takes
    nothing else away, else without one."""
    zone = entry.zone.name
    later = entry.later.name if entry.later else zone
    permanent = _command(rules, "--permanent", later, ports)
    now = _command(rules, "", zone, ports)
    if rules.only_now() or later != zone:
        return Fix((now, permanent))
    return Fix((permanent, Command(("firewall-cmd", "--reload"), undo=now.undo)))


def opening_now(rules: Rules, entry: Entry, ports: tuple[int, ...]) -> Fix:
    return Fix((_command(rules, "", entry.zone.name, ports),))


def opening_for_good(rules: Rules, zone: str, ports: tuple[int, ...]) -> Fix:
    return Fix((_command(rules, "--permanent", zone, ports),))


def _command(rules: Rules, mode: str, zone: str, ports: tuple[int, ...]) -> Command:
    words = ("firewall-cmd", *[mode] * bool(mode), f"--zone={zone}")
    add, remove = (tuple(rules.option(port, act) for port in ports) for act in ("add", "remove"))
    return Command((*words, *add), undo=(*words, *remove))


def _words(reached: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(str(Subject(address=one.address, port=one.port)) for one in reached)
