"""What firewalld does with the site's visitors, now and after a reload, judged from the evidence.

It answers for strangers, of whom nothing is known, and for the client whose own attempt was
observed.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from checks.firewall._visitors import routed_addresses, target_addresses
from diagnose.model import Evidence
from diagnose.model.addresses import family_of, is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Listeners, server_interfaces
from diagnose.model.visitor import visitor_address
from diagnose.parsers.firewalld.evaluator import (
    Decision,
    Settings,
    decide,
    has_interface,
    rules_for_sources,
)
from diagnose.parsers.firewalld.rich_rules import Packet, RichRule


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
        self.nics = server_interfaces(evidence)
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
        family = family_of(source) if source else None
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
        family = family_of(address)
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
        family, nic = family_of(address), self._nic(address)
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
                listener.process in CONTAINER_PROCESSES for listener in port_listeners
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
        family = family_of(address)
        routed_nics = [nic.name for nic in self.nics if family in nic.default]
        routed_nics += [nic.name for nic in self.nics if nic.default]
        return routed_nics[0] if routed_nics else ""

    def _local_address(self, address: str, family: int) -> str:
        """Return the address as the server sees it: its own address if the public one is translated
        on the way."""
        if any(address in nic.addresses for nic in self.nics):
            return address
        own_addresses = routed_addresses(self.nics, family)
        return own_addresses[0][0] if len(own_addresses) == 1 else ""

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
