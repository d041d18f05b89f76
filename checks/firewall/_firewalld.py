"""What firewalld does with the site's visitors, now and after a reload, judged from the evidence.

It answers for strangers, of whom nothing is known, and for the client whose own attempt was
observed.
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

#: Processes that accept connections on behalf of a container.
CONTAINERS = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}


@frozen
class VisitorOutcome:
    """What happens to a visitor of one address, now and after a reload.

    `address` is "" if the target's address is not known. `after_reload` is None if the permanent
    configuration could not be read.
    """

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
    """firewalld's rules, as far as they were observed."""

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
        """Return the outcome of a visitor at each of the target's addresses; empty if firewalld
        does not decide."""
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
        """Return what would happen to this visitor without the rich rule, the forward or the policy
        that decides now."""
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
        """Return the rich rules about the port that have this action and apply to some sources
        only."""
        return rules_for_sources(self.runtime, outcome.packet, action)

    def allowlisted_sources(self, outcome: VisitorOutcome) -> tuple[tuple[str, str], ...]:
        """Return (rule, source) for each source that is let in to this port while strangers are
        not, over both IP families."""
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
        """Return whether a packet from this source is let in.

        Of an ipset only the first member is tried. A hardware address is taken as admitted.
        """
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
        """Return the zone that receives a stranger's packet to this address; "" if it is not
        known."""
        family, nic = 6 if ":" in address else 4, self._nic(address)
        decision = decide(
            self.runtime, Packet(port, family, "", self._local_address(address, family), nic)
        )
        return decision.zone_match.zone.name if decision else ""

    def _is_dnatted(self, port: int, address: str) -> bool:
        """Return whether rules outside firewalld, such as a container engine's, redirect the port.

        firewalld's zones let such a packet pass (`ct status dnat accept`).
        """
        if not self.evidence.good(Ruleset):
            # The rules were not observed: a container engine that holds the port may well redirect
            # it.
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
        """Return whether a direct rule accepts the port.

        That works with the iptables backend only. With nftables, firewalld's own reject comes after
        the direct rule (firewalld.direct(5)).
        """
        if self.daemon is None or self.daemon.backend == "nftables":
            return False
        number = re.compile(rf"--(?:dport|dports|destination-ports?)\s+\S*\b{port}\b.*\bACCEPT\b")
        return any(number.search(rule) for rule in self.daemon.direct)

    def _settings_after_reload(self, nic: str) -> Settings:
        """Return the settings that a reload would load.

        A reload applies the permanent configuration. An interface stays in its current zone only if
        the permanent configuration does not name it.
        """
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
        """Return the interface for an address of the target.

        That is the interface that holds the address. If none does, the address is translated on the
        way, and the interface of the default route is returned.
        """
        if not is_loopback(address):
            for nic in self.nics:
                if address in nic.addresses:
                    return nic.name
        family = 6 if ":" in address else 4
        routed_nics = [nic.name for nic in self.nics if family in nic.default]
        routed_nics += [nic.name for nic in self.nics if nic.default]
        return routed_nics[0] if routed_nics else ""

    def _local_address(self, address: str, family: int) -> str:
        """Return the address as the server sees it: its own address if the public one is translated
        on the way."""
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
        """Return whether a reload would change anything besides opening these ports.

        It may remove settings that are only in the running firewall, or apply permanent settings
        that are not in force.
        """
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
        """Return whether a reload removes a setting from the running firewall, or may do so."""
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
    """Return the view of firewalld's rules. It is built once for all checks of a run."""
    return FirewalldView(evidence)


_LISTED_FIELDS = ("services", "ports", "opens", "sources", "rich_rules", "forward_ports")


def _has_extra_settings(
    first: Zone | Policy, second: Zone | Policy, ports: tuple[int, ...] = ()
) -> bool:
    """Return whether the first has a setting that the second lacks, apart from settings that open
    these ports."""
    expected = [PortRange(port, port, "tcp") for port in ports]
    if first.target != second.target:
        return True
    for field in _LISTED_FIELDS:
        extra = set(getattr(first, field, ())) - set(getattr(second, field, ()))
        # A service is compared by the ports that it opens.
        if ports and field in {"services"}:
            continue
        if any(entry not in expected for entry in extra):
            return True
    return False


def _lists_anything(zone_or_policy: Zone | Policy) -> bool:
    return zone_or_policy.target == "ACCEPT" or any(
        getattr(zone_or_policy, field, ()) for field in _LISTED_FIELDS
    )


# Visitors, ports and addresses


def relevant_ports(evidence: Evidence) -> tuple[int, ...]:
    """Return the target's port, and 80 if something listens there on an address that others can
    reach."""
    port = evidence.target.port
    http_listeners = [
        listener for listeners in evidence.good(Listeners) for listener in listeners.on(80)
    ]
    has_redirect = port != 80 and any(
        not is_loopback(listener.address) for listener in http_listeners
    )
    return (port, 80) if has_redirect else (port,)


def target_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses that visitors use, in the order observed.

    Loopback addresses are left out: a name that resolves to loopback here resolves to another
    address for others.
    """
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
    """Return whether the address is in 127.0.0.0/8 or is ::1 (RFC 6890)."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def client_attempts(evidence: Evidence) -> dict[str, tuple[Connection, ...]]:
    """Return the connection attempts of the client that runs the checks from outside, by its
    address as the server sees it.

    That is the client's own address. If it is translated on the way, it is the address that SSH
    reports.
    """
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
    """Return the address of the person who is logged in over SSH and runs the checks on the server
    itself.

    It is the only visitor address that the server knows.
    """
    from diagnose.model.kernel import Kernel

    if not probes_from_the_server(evidence):
        return ()
    addresses = dict.fromkeys(kernel.client for kernel in evidence.good(Kernel) if kernel.client)
    return tuple(address for address in addresses if not is_loopback(address))


def _is_private(address: str) -> bool:
    """Return whether the address is private (RFC 1918, RFC 6598, RFC 4193)."""
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
    """Return the successful connections to a port that left the machine.

    On the server itself, connections to its own addresses go over loopback and prove nothing.
    """
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
    """Return whether the probes of `Vantage.HERE` run on the server: no network was needed to reach
    it, or the probing machine is known to be the server."""
    return any(
        (host.vantage is Vantage.SERVER and host.via == "local")
        or (host.vantage is Vantage.HERE and host.role == "server")
        for host in evidence.good(Host)
    )


def is_served_elsewhere(evidence: Evidence, port: int) -> bool:
    """Return whether the port answers although nothing here listens on it, or only a container
    engine does.

    Then TLS ends at a load balancer, or the traffic bypasses these rules.
    """
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
    """Return the connections that succeeded although the rules refuse them.

    A connection is no contradiction if the rules let in its own client: others are still rejected.
    """
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
