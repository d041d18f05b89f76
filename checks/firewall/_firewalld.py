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
from diagnose.model.visitor import visitor_address
from diagnose.parsers.firewalld.evaluator import (
    Decision,
    Settings,
    decide,
    has_interface,
    rules_for_sources,
)
from diagnose.parsers.firewalld.rich_rules import Packet, RichRule

#: What carries connections on behalf of a container.
CONTAINERS = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}


@frozen
class VisitorOutcome:
    """What becomes of a visitor who comes to an address ("" where none is known), now and after
    a reload (None where that may not be read)."""

    packet: Packet
    address: str
    runtime: Decision
    after_reload: Decision | None

    @property
    def port(self) -> int:
        return self.packet.port

    @property
    def family(self) -> int:
        return self.packet.family


class FirewalldView:
    """firewalld's rules, as far as they were seen."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.daemon = next((daemon for daemon in evidence.good(Firewalld) if daemon.running), None)
        self.nics = [
            interface
            for interface in evidence.good(Interface)
            if interface.vantage is Vantage.SERVER
        ]
        self.visitor = visitor_address(evidence)
        self.runtime = self._settings(permanent=False)
        self.permanent = self._settings(permanent=True)
        self._outcomes: dict[tuple[int, str], tuple[VisitorOutcome, ...]] = {}

    def outcomes(self, port: int, source: str = "") -> tuple[VisitorOutcome, ...]:
        """Of a visitor at each of the target's addresses; none where firewalld does not decide."""
        if (port, source) not in self._outcomes:
            self._outcomes[port, source] = self._find_outcomes(port, source)
        return self._outcomes[port, source]

    def _find_outcomes(self, port: int, source: str) -> tuple[VisitorOutcome, ...]:
        if self.daemon is None or self.daemon.panic:
            return ()
        family = (6 if ":" in source else 4) if source else None
        addresses = target_addresses(self.evidence) or ("",)
        outcomes = (self._outcome(port, address, source) for address in addresses)
        return tuple(
            outcome for outcome in outcomes if outcome and family in (None, outcome.family)
        )

    def decision_without_rule(self, outcome: VisitorOutcome) -> Decision:
        """What became of that visitor without the rich rule, the forward or the policy that
        decides now."""
        decision = outcome.runtime
        zone_or_policy = decision.policy or decision.zone_match.zone
        reduced = replace(
            zone_or_policy,
            rich_rules=tuple(rule for rule in zone_or_policy.rich_rules if rule != decision.rule),
            forward_ports=tuple(
                rule for rule in zone_or_policy.forward_ports if rule != decision.rule
            ),
        )
        if isinstance(reduced, Zone):
            settings = replace(self.runtime, zones={**self.runtime.zones, reduced.name: reduced})
        else:
            policies = [policy for policy in self.runtime.policies if policy.name != reduced.name]
            settings = replace(self.runtime, policies=(*policies, *[reduced] * bool(decision.rule)))
        return decide(settings, outcome.packet) or decision

    def source_rich_rules(self, outcome: VisitorOutcome, action: str) -> tuple[RichRule, ...]:
        """The rich rules with that action about the port, for some sources only."""
        return rules_for_sources(self.runtime, outcome.packet, action)

    def allowlisted_sources(self, outcome: VisitorOutcome) -> tuple[tuple[str, str], ...]:
        """Who is let in to this port by name, over either family, where strangers are not: each
        with the rule that does so."""
        sources: dict[tuple[str, str], None] = {}
        for family in (outcome.family, 10 - outcome.family):
            destination = outcome.packet.to if family == outcome.family else ""
            packet = replace(outcome.packet, family=family, to=destination)
            stranger_decision = decide(self.runtime, packet)
            if stranger_decision and not stranger_decision.admits:
                sources |= dict.fromkeys(self._accept_rules(packet))
        return tuple(sources)

    def _accept_rules(self, packet: Packet) -> Iterator[tuple[str, str]]:
        for rule in rules_for_sources(self.runtime, packet, "accept"):
            if rule.source and self._is_admitted(packet, rule.source.name):
                yield rule.text, rule.source.name
        for zone in self.runtime.zones.values():
            if zone.target != "ACCEPT" and zone.admits(packet.port):
                for source in zone.sources:
                    if self._is_admitted(packet, source):
                        yield f"--zone={zone.name} --add-source={source}", source

    def _is_admitted(self, packet: Packet, source: str) -> bool:
        """Whether somebody who comes from there is let in; of a set's members the first is asked,
        and a hardware address is believed."""
        members = self.runtime.members(source[6:]) if source.startswith("ipset:") else (source,)
        address = next((member.partition("/")[0] for member in members), "")
        if (
            not re.fullmatch(r"[\d.]+|[0-9a-f:.]*::?[0-9a-f:.]*", address)
            or address.count(":") == 5
        ):
            return True
        if (":" in address) is not (packet.family == 6):
            return False
        decision = decide(self.runtime, replace(packet, source=address))
        return decision is not None and decision.admits

    def _settings(self, permanent: bool) -> Settings:
        zones = [zone for zone in self.evidence.good(Zone) if zone.permanent is permanent]
        policies = [
            policy for policy in self.evidence.good(Policy) if policy.permanent is permanent
        ]
        ipsets = [ipset for ipset in self.evidence.good(IpSet) if ipset.permanent is permanent]
        daemon = self.daemon or Firewalld(running=False)
        services = daemon.permanent_services if permanent else ()
        return Settings(
            zones={zone.name: zone for zone in zones},
            default=daemon.permanent_default if permanent else daemon.default_zone,
            policies=tuple(policies),
            ipsets={ipset.name: ipset.entries for ipset in ipsets},
            services=dict(services or daemon.services),
            drifts=daemon.drifts,
        )

    def _outcome(self, port: int, address: str, source: str) -> VisitorOutcome | None:
        nic = self._nic(address)
        family = 6 if ":" in address else 4
        packet = Packet(port, family, source, self._local_address(address, family), nic)
        runtime = decide(self.runtime, packet)
        if runtime is None:
            return None
        after_reload = decide(self._settings_after_reload(nic), packet)
        if runtime.verdict != "forward" and self._is_dnatted(port, address):
            return None
        if not runtime.admits and self._has_direct_accept(port):
            return None
        return VisitorOutcome(packet, address, runtime, after_reload)

    def entry_zone(self, port: int, address: str) -> str:
        """The zone by which a stranger comes to an address; "" where it is not known."""
        family, nic = 6 if ":" in address else 4, self._nic(address)
        decision = decide(
            self.runtime, Packet(port, family, "", self._local_address(address, family), nic)
        )
        return decision.zone_match.zone.name if decision else ""

    def _is_dnatted(self, port: int, address: str) -> bool:
        """By other rules than firewalld's, a container engine's for one: its zones then let the
        packet pass unseen (`ct status dnat accept`)."""
        if not self.evidence.good(Ruleset):
            # Not seen: an engine that holds the port may well lead it away.
            port_listeners = [
                listener
                for listeners in self.evidence.good(Listeners)
                for listener in listeners.on(port)
            ]
            return bool(port_listeners) and all(
                listener.process in CONTAINERS for listener in port_listeners
            )
        from checks.firewall._nat import dnat_targets

        return any(
            dnat_target.address == address for dnat_target in dnat_targets(self.evidence, port)
        )

    def _has_direct_accept(self, port: int) -> bool:
        """A direct rule that accepts counts on iptables; on nftables firewalld's own reject
        comes after it (firewalld.direct(5))."""
        if self.daemon is None or self.daemon.backend == "nftables":
            return False
        number = re.compile(rf"--(?:dport|dports|destination-ports?)\s+\S*\b{port}\b.*\bACCEPT\b")
        return any(number.search(rule) for rule in self.daemon.direct)

    def _settings_after_reload(self, nic: str) -> Settings:
        """A reload follows the permanent configuration, and keeps an interface where it is bound
        now only where that says nothing of it."""
        if any(has_interface(zone, nic) for zone in self.permanent.zones.values()):
            return self.permanent
        runtime_zone = next(
            (zone for zone in self.runtime.zones.values() if has_interface(zone, nic)), None
        )
        permanent_zone = self.permanent.zones.get(runtime_zone.name) if runtime_zone else None
        if permanent_zone is None:
            return self.permanent
        reloaded_zone = replace(permanent_zone, interfaces=(*permanent_zone.interfaces, nic))
        return replace(
            self.permanent, zones={**self.permanent.zones, permanent_zone.name: reloaded_zone}
        )

    def _nic(self, address: str) -> str:
        """The interface of an address of the target: the one that holds it, else, as it is then
        translated on the way, the one of the default route."""
        if not is_loopback(address):
            for nic in self.nics:
                if address in nic.addresses:
                    return nic.name
        family = 6 if ":" in address else 4
        routed_nics = [nic.name for nic in self.nics if family in nic.default]
        routed_nics += [nic.name for nic in self.nics if nic.default]
        return routed_nics[0] if routed_nics else ""

    def _local_address(self, address: str, family: int) -> str:
        """The address as the server knows it: its own, where it is translated on the way."""
        if any(address in nic.addresses for nic in self.nics):
            return address
        routed_nics = [nic for nic in self.nics if family in nic.default]
        own_addresses = [
            own_address
            for nic in routed_nics
            for own_address in nic.addresses
            if (":" in own_address) is (family == 6)
        ]
        return own_addresses[0] if len(own_addresses) == 1 else ""

    def reload_has_side_effects(self, ports: tuple[int, ...]) -> bool:
        """Whether a reload would change anything else than that these ports become open: take
        away what is there for now only, or open what is written and not in force."""
        if self.reload_loses_settings():
            return True
        runtime_policies = {policy.name: policy for policy in self.runtime.policies}
        pairs: list[tuple[Zone | Policy, Zone | Policy | None]] = [
            (zone, self.runtime.zones.get(name)) for name, zone in self.permanent.zones.items()
        ]
        pairs += [(policy, runtime_policies.get(policy.name)) for policy in self.permanent.policies]
        return any(
            _has_extra_settings(permanent, runtime, ports)
            if runtime
            else bool(_lists_anything(permanent))
            for permanent, runtime in pairs
        )

    def reload_loses_settings(self) -> bool:
        """Whether a reload would take something away, or may, as far as anyone can tell."""
        if not self.permanent.zones:
            return True
        permanent_policies = {policy.name: policy for policy in self.permanent.policies}
        pairs: list[tuple[Zone | Policy, Zone | Policy | None]] = [
            (zone, self.permanent.zones.get(name)) for name, zone in self.runtime.zones.items()
        ]
        pairs += [(policy, permanent_policies.get(policy.name)) for policy in self.runtime.policies]
        daemon = self.daemon
        return (
            any(
                permanent is None or _has_extra_settings(runtime, permanent)
                for runtime, permanent in pairs
            )
            or any(
                set(entries) - set(self.permanent.members(name))
                for name, entries in self.runtime.ipsets.items()
            )
            or (daemon is not None and bool(set(daemon.direct) - set(daemon.permanent_direct)))
        )


@lru_cache(maxsize=2)
def firewalld_view(evidence: Evidence) -> FirewalldView:
    """firewalld's rules: read once for all checks of a run."""
    return FirewalldView(evidence)


_LISTED_FIELDS = ("services", "ports", "opens", "sources", "rich_rules", "forward_ports")


def _has_extra_settings(
    first: Zone | Policy, second: Zone | Policy, ports: tuple[int, ...] = ()
) -> bool:
    """Whether there is something in the first that is not in the other, but for what opens these
    ports."""
    expected = [PortRange(port, port, "tcp") for port in ports]
    if first.target != second.target:
        return True
    for field in _LISTED_FIELDS:
        extra = set(getattr(first, field, ())) - set(getattr(second, field, ()))
        # A service shows in what it opens.
        if ports and field in {"services"}:
            continue
        if any(entry not in expected for entry in extra):
            return True
    return False


def _lists_anything(zone_or_policy: Zone | Policy) -> bool:
    return zone_or_policy.target == "ACCEPT" or any(
        getattr(zone_or_policy, field, ()) for field in _LISTED_FIELDS
    )


# Who comes, and where to


def relevant_ports(evidence: Evidence) -> tuple[int, ...]:
    """The target's port, and 80 if something listens there for others than this machine."""
    port = evidence.target.port
    http_listeners = [
        listener for listeners in evidence.good(Listeners) for listener in listeners.on(80)
    ]
    has_redirect = port != 80 and any(
        not is_loopback(listener.address) for listener in http_listeners
    )
    return (port, 80) if has_redirect else (port,)


def target_addresses(evidence: Evidence) -> tuple[str, ...]:
    """The addresses by which visitors come, in the order seen. A name that leads to this
    machine's loopback here leads elsewhere for others."""
    addresses = [
        connection.address
        for connection in evidence.of(Connection)
        if connection.purpose == "target"
    ]
    addresses += [
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    ]
    return tuple(address for address in dict.fromkeys(addresses) if not is_loopback(address))


def is_loopback(address: str) -> bool:
    """127.0.0.0/8 and ::1 (RFC 6890)."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def client_attempts(evidence: Evidence) -> dict[str, tuple[Connection, ...]]:
    """The addresses by which the server knows whoever looks at it from elsewhere, with what they
    tried: its own address, or, where that is translated on the way, the one that SSH names."""
    if probes_from_the_server(evidence):
        return {}
    daemon = next(iter(evidence.good(Firewalld)), None)
    ssh_client = daemon.caller if daemon else ""
    attempts: dict[str, list[Connection]] = {}
    for connection in evidence.of(Connection):
        if (
            connection.vantage is Vantage.HERE
            and connection.source
            and not is_loopback(connection.address)
        ):
            is_same_family = ssh_client and (":" in ssh_client) == (":" in connection.source)
            source = (
                ssh_client
                if is_same_family and _is_private(connection.source)
                else connection.source
            )
            attempts.setdefault(source, []).append(connection)
    return {source: tuple(connections) for source, connections in attempts.items()}


def ssh_clients(evidence: Evidence) -> tuple[str, ...]:
    """The address of whoever has logged in over SSH and looks from the server itself: the one
    visitor whose address the server knows."""
    from diagnose.model.kernel import Kernel

    if not probes_from_the_server(evidence):
        return ()
    addresses = dict.fromkeys(kernel.client for kernel in evidence.good(Kernel) if kernel.client)
    return tuple(address for address in addresses if not is_loopback(address))


def _is_private(address: str) -> bool:
    """RFC 1918, RFC 6598, RFC 4193."""
    import ipaddress

    try:
        ip_address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    private_networks = (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    )
    return any(ip_address in ipaddress.ip_network(network) for network in private_networks)


def external_connections(evidence: Evidence, port: int) -> tuple[Connection, ...]:
    """The connections to a port that went well and left the machine: on the server itself,
    those to its own addresses go over loopback and show nothing."""
    own_addresses: set[str] = set()
    if probes_from_the_server(evidence):
        own_addresses = {address for nic in evidence.good(Interface) for address in nic.addresses}
    return tuple(
        connection
        for connection in evidence.good(Connection)
        if connection.vantage is Vantage.HERE
        and connection.port == port
        and connection.address not in own_addresses
        and not is_loopback(connection.address)
    )


def probes_from_the_server(evidence: Evidence) -> bool:
    """Whether `here` is the server: the door to it was no network, or the probing machine is
    known to be it."""
    return any(
        (host.vantage is Vantage.SERVER and host.via == "local")
        or (host.vantage is Vantage.HERE and host.role == "server")
        for host in evidence.good(Host)
    )


def is_served_elsewhere(evidence: Evidence, port: int) -> bool:
    """Nothing here listens on the port, or only a container engine on behalf of others, and it
    answers all the same: TLS ends at a load balancer, or the traffic is led past these rules."""
    if not external_connections(evidence, port):
        return False
    listener_lists = evidence.good(Listeners)
    port_listeners = [listener for listeners in listener_lists for listener in listeners.on(port)]
    return bool(listener_lists) and all(
        (listener.process or "") in CONTAINERS for listener in port_listeners
    )


def contradicting_connections(
    firewalld: FirewalldView, outcomes: Iterable[VisitorOutcome]
) -> tuple[Connection, ...]:
    """What got through although the rules refuse it. Not so if the client's own address is let
    in: then others are still rejected."""
    source_by_connection = {
        connection: source
        for source, connections in client_attempts(firewalld.evidence).items()
        for connection in connections
    }
    contradictions = []
    for outcome in outcomes:
        for connection in external_connections(firewalld.evidence, outcome.port):
            if outcome.address and connection.address != outcome.address:
                continue
            source = source_by_connection.get(connection, "")
            client_outcomes = firewalld.outcomes(outcome.port, source) if source else ()
            if not any(client_outcome.runtime.admits for client_outcome in client_outcomes):
                contradictions.append(connection)
    return tuple(dict.fromkeys(contradictions))
