"""What firewalld does with the site's visitors, now and after a reload, out of the evidence: for
strangers, of whom nothing is known, and for the client whose own attempt was seen.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from diagnose.model import Evidence, Host, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.visitor import visitor_of
from diagnose.parsers.firewalld.evaluator import Decision, Settings, decide, for_some, holds
from diagnose.parsers.firewalld.rich_rules import Packet, RichRule

#: What carries connections on behalf of a container.
CONTAINERS = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}


@frozen
class Fate:
    """What becomes of a visitor who comes to an address ("" where none is known), now and after
    a reload (None where that may not be read)."""

    packet: Packet
    address: str
    now: Decision
    later: Decision | None

    @property
    def port(self) -> int:
        return self.packet.port

    @property
    def family(self) -> int:
        return self.packet.family


class Rules:
    """firewalld's rules, as far as they were seen."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.daemon = next((one for one in evidence.good(Firewalld) if one.running), None)
        self.nics = [one for one in evidence.good(Interface) if one.vantage is Vantage.SERVER]
        self.visitor = visitor_of(evidence)
        self.now = self._settings(permanent=False)
        self.later = self._settings(permanent=True)
        self._fates: dict[tuple[int, str], tuple[Fate, ...]] = {}

    def fates(self, port: int, source: str = "") -> tuple[Fate, ...]:
        """Of a visitor at each of the target's addresses; none where firewalld does not decide."""
        if (port, source) not in self._fates:
            self._fates[port, source] = self._all_fates(port, source)
        return self._fates[port, source]

    def _all_fates(self, port: int, source: str) -> tuple[Fate, ...]:
        if self.daemon is None or self.daemon.panic:
            return ()
        family = (6 if ":" in source else 4) if source else None
        addresses = target_addresses(self.evidence) or ("",)
        found = (self._fate(port, address, source) for address in addresses)
        return tuple(one for one in found if one and family in (None, one.family))

    def without(self, fate: Fate) -> Decision:
        """What became of that visitor without the rich rule, the forward or the policy that
        decides now."""
        now = fate.now
        place = now.policy or now.entered.zone
        left = replace(
            place,
            rich_rules=tuple(one for one in place.rich_rules if one != now.rule),
            forward_ports=tuple(one for one in place.forward_ports if one != now.rule),
        )
        if isinstance(left, Zone):
            changed = replace(self.now, zones={**self.now.zones, left.name: left})
        else:
            others = [one for one in self.now.policies if one.name != left.name]
            changed = replace(self.now, policies=(*others, *[left] * bool(now.rule)))
        return decide(changed, fate.packet) or now

    def some(self, fate: Fate, action: str) -> tuple[RichRule, ...]:
        """The rich rules with that action about the port, for some sources only."""
        return for_some(self.now, fate.packet, action)

    def kept_for(self, fate: Fate) -> tuple[tuple[str, str], ...]:
        """Who is let in to this port by name, over either family, where strangers are not: each
        with the rule that does so."""
        found: dict[tuple[str, str], None] = {}
        for family in (fate.family, 10 - fate.family):
            to = fate.packet.to if family == fate.family else ""
            packet = replace(fate.packet, family=family, to=to)
            strangers = decide(self.now, packet)
            if strangers and not strangers.admits:
                found |= dict.fromkeys(self._let_in(packet))
        return tuple(found)

    def _let_in(self, packet: Packet) -> Iterator[tuple[str, str]]:
        for rule in for_some(self.now, packet, "accept"):
            if rule.source and self._enters(packet, rule.source.name):
                yield rule.text, rule.source.name
        for zone in self.now.zones.values():
            if zone.target != "ACCEPT" and zone.admits(packet.port):
                for source in zone.sources:
                    if self._enters(packet, source):
                        yield f"--zone={zone.name} --add-source={source}", source

    def _enters(self, packet: Packet, source: str) -> bool:
        """Whether somebody who comes from there is let in; of a set's members the first is asked,
        and a hardware address is believed."""
        members = self.now.members(source[6:]) if source.startswith("ipset:") else (source,)
        first = next((one.partition("/")[0] for one in members), "")
        if not re.fullmatch(r"[\d.]+|[0-9a-f:.]*::?[0-9a-f:.]*", first) or first.count(":") == 5:
            return True
        if (":" in first) is not (packet.family == 6):
            return False
        decision = decide(self.now, replace(packet, source=first))
        return decision is not None and decision.admits

    def _settings(self, permanent: bool) -> Settings:
        zones = [one for one in self.evidence.good(Zone) if one.permanent is permanent]
        policies = [one for one in self.evidence.good(Policy) if one.permanent is permanent]
        sets = [one for one in self.evidence.good(IpSet) if one.permanent is permanent]
        daemon = self.daemon or Firewalld(running=False)
        services = daemon.permanent_services if permanent else ()
        return Settings(
            zones={zone.name: zone for zone in zones},
            default=daemon.permanent_default if permanent else daemon.default_zone,
            policies=tuple(policies),
            ipsets={one.name: one.entries for one in sets},
            services=dict(services or daemon.services),
            drifts=daemon.drifts,
        )

    def _fate(self, port: int, address: str, source: str) -> Fate | None:
        nic = self._nic(address)
        family = 6 if ":" in address else 4
        packet = Packet(port, family, source, self._inner(address, family), nic)
        now = decide(self.now, packet)
        if now is None:
            return None
        later = decide(self._after_reload(nic), packet)
        if now.verdict != "forward" and self._is_led_away(port, address):
            return None
        if not now.admits and self._directly(port):
            return None
        return Fate(packet, address, now, later)

    def entered(self, port: int, address: str) -> str:
        """The zone by which a stranger comes to an address; "" where it is not known."""
        family, nic = 6 if ":" in address else 4, self._nic(address)
        now = decide(self.now, Packet(port, family, "", self._inner(address, family), nic))
        return now.entered.zone.name if now else ""

    def _is_led_away(self, port: int, address: str) -> bool:
        """By other rules than firewalld's, a container engine's for one: its zones then let the
        packet pass unseen (`ct status dnat accept`)."""
        if not self.evidence.good(Ruleset):
            # Not seen: an engine that holds the port may well lead it away.
            there = [one for seen in self.evidence.good(Listeners) for one in seen.on(port)]
            return bool(there) and all(one.process in CONTAINERS for one in there)
        from checks.firewall._nat import led

        return any(one.address == address for one in led(self.evidence, port))

    def _directly(self, port: int) -> bool:
        """A direct rule that accepts counts on iptables; on nftables firewalld's own reject
        comes after it (firewalld.direct(5))."""
        if self.daemon is None or self.daemon.backend == "nftables":
            return False
        number = re.compile(rf"--(?:dport|dports|destination-ports?)\s+\S*\b{port}\b.*\bACCEPT\b")
        return any(number.search(rule) for rule in self.daemon.direct)

    def _after_reload(self, nic: str) -> Settings:
        """A reload follows the permanent configuration, and keeps an interface where it is bound
        now only where that says nothing of it."""
        if any(holds(zone, nic) for zone in self.later.zones.values()):
            return self.later
        bound = next((zone for zone in self.now.zones.values() if holds(zone, nic)), None)
        kept = self.later.zones.get(bound.name) if bound else None
        if kept is None:
            return self.later
        moved = replace(kept, interfaces=(*kept.interfaces, nic))
        return replace(self.later, zones={**self.later.zones, kept.name: moved})

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

    def _inner(self, address: str, family: int) -> str:
        """The address as the server knows it: its own, where it is translated on the way."""
        if any(address in nic.addresses for nic in self.nics):
            return address
        routed = [nic for nic in self.nics if family in nic.default]
        own = [one for nic in routed for one in nic.addresses if (":" in one) is (family == 6)]
        return own[0] if len(own) == 1 else ""

    def reload_changes(self, ports: tuple[int, ...]) -> bool:
        """Whether a reload would change anything else than that these ports become open: take
        away what is there for now only, or open what is written and not in force."""
        if self.only_now():
            return True
        now = {one.name: one for one in self.now.policies}
        pairs: list[tuple[Zone | Policy, Zone | Policy | None]] = [
            (zone, self.now.zones.get(name)) for name, zone in self.later.zones.items()
        ]
        pairs += [(policy, now.get(policy.name)) for policy in self.later.policies]
        return any(
            _more(later, known, ports) if known else bool(_lists_anything(later))
            for later, known in pairs
        )

    def only_now(self) -> bool:
        """Whether a reload would take something away, or may, as far as anyone can tell."""
        if not self.later.zones:
            return True
        later = {one.name: one for one in self.later.policies}
        pairs: list[tuple[Zone | Policy, Zone | Policy | None]] = [
            (zone, self.later.zones.get(name)) for name, zone in self.now.zones.items()
        ]
        pairs += [(policy, later.get(policy.name)) for policy in self.now.policies]
        daemon = self.daemon
        return (
            any(kept is None or _more(now, kept) for now, kept in pairs)
            or any(
                set(entries) - set(self.later.members(name))
                for name, entries in self.now.ipsets.items()
            )
            or (daemon is not None and bool(set(daemon.direct) - set(daemon.permanent_direct)))
        )


@lru_cache(maxsize=2)
def rules_of(evidence: Evidence) -> Rules:
    """firewalld's rules: read once for all checks of a run."""
    return Rules(evidence)


_SIDES = ("services", "ports", "opens", "sources", "rich_rules", "forward_ports")


def _more(now: Zone | Policy, later: Zone | Policy, ports: tuple[int, ...] = ()) -> bool:
    """Whether there is something in the first that is not in the other, but for what opens these
    ports."""
    wanted = [PortRange(port, port, "tcp") for port in ports]
    if now.target != later.target:
        return True
    for side in _SIDES:
        left = set(getattr(now, side, ())) - set(getattr(later, side, ()))
        # A service shows in what it opens.
        if ports and side in {"services"}:
            continue
        if any(one not in wanted for one in left):
            return True
    return False


def _lists_anything(place: Zone | Policy) -> bool:
    return place.target == "ACCEPT" or any(getattr(place, side, ()) for side in _SIDES)


# Who comes, and where to


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


def clients(evidence: Evidence) -> dict[str, tuple[Connection, ...]]:
    """The addresses by which the server knows whoever looks at it from elsewhere, with what they
    tried: its own address, or, where that is translated on the way, the one that SSH names."""
    if probes_from_the_server(evidence):
        return {}
    daemon = next(iter(evidence.good(Firewalld)), None)
    caller = daemon.caller if daemon else ""
    found: dict[str, list[Connection]] = {}
    for one in evidence.of(Connection):
        if one.vantage is Vantage.HERE and one.source and not is_loopback(one.address):
            alike = caller and (":" in caller) == (":" in one.source)
            source = caller if alike and _is_private(one.source) else one.source
            found.setdefault(source, []).append(one)
    return {source: tuple(tried) for source, tried in found.items()}


def administrators(evidence: Evidence) -> tuple[str, ...]:
    """The address of whoever has logged in over SSH and looks from the server itself: the one
    visitor whose address the server knows."""
    from diagnose.model.kernel import Kernel

    if not probes_from_the_server(evidence):
        return ()
    found = dict.fromkeys(one.client for one in evidence.good(Kernel) if one.client)
    return tuple(one for one in found if not is_loopback(one))


def _is_private(address: str) -> bool:
    """RFC 1918, RFC 6598, RFC 4193."""
    import ipaddress

    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    nets = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
    return any(given in ipaddress.ip_network(net) for net in nets)


def through_the_network(evidence: Evidence, port: int) -> tuple[Connection, ...]:
    """The connections to a port that went well and left the machine: on the server itself,
    those to its own addresses go over loopback and show nothing."""
    own: set[str] = set()
    if probes_from_the_server(evidence):
        own = {address for nic in evidence.good(Interface) for address in nic.addresses}
    return tuple(
        one
        for one in evidence.good(Connection)
        if one.vantage is Vantage.HERE
        and one.port == port
        and one.address not in own
        and not is_loopback(one.address)
    )


def probes_from_the_server(evidence: Evidence) -> bool:
    """Whether `here` is the server: the door to it was no network, or the probing machine is
    known to be it."""
    return any(
        (host.vantage is Vantage.SERVER and host.via == "local")
        or (host.vantage is Vantage.HERE and host.role == "server")
        for host in evidence.good(Host)
    )


def is_elsewhere(evidence: Evidence, port: int) -> bool:
    """Nothing here listens on the port, or only a container engine on behalf of others, and it
    answers all the same: TLS ends at a load balancer, or the traffic is led past these rules."""
    if not through_the_network(evidence, port):
        return False
    read = evidence.good(Listeners)
    sockets = [one for seen in read for one in seen.on(port)]
    return bool(read) and all((one.process or "") in CONTAINERS for one in sockets)


def contradicting(rules: Rules, fates: Iterable[Fate]) -> tuple[Connection, ...]:
    """What got through although the rules refuse it. Not so if the client's own address is let
    in: then others are still rejected."""
    names = {one: source for source, tried in clients(rules.evidence).items() for one in tried}
    found = []
    for fate in fates:
        for one in through_the_network(rules.evidence, fate.port):
            if fate.address and one.address != fate.address:
                continue
            source = names.get(one, "")
            own = rules.fates(fate.port, source) if source else ()
            if not any(mine.now.admits for mine in own):
                found.append(one)
    return tuple(dict.fromkeys(found))
