"""Evaluate what firewalld does with a visitor's packet, in the order of its generated rules (its
nftables.py; firewalld.zones(5), firewalld.policies(5)):

1. the zones that the packet may enter: those bound to its source, then to the interface, then the
   default zone; the first one decides;
2. forward-ports (a forwarded packet is admitted, whatever else is closed);
3. policies of negative priority, the zone, policies of positive priority, the zone's target.

Within a zone or policy: rich rules of negative priority, rich rules that reject or drop, open
ports and services, rich rules that accept, rich rules of positive priority, and for a policy its
target. No I/O.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Literal

from diagnose.model.firewall import Policy, PortRange, Zone
from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld.rich_rules import (
    Packet,
    RichRule,
    forward_port_matches,
    is_address_in,
    matches_packet,
    rich_rule,
)

Verdict = Literal["accept", "reject", "drop", "forward"]

_REJECTS = {"default", "REJECT", "%%REJECT%%"}


@frozen
class Settings:
    """firewalld's runtime or permanent configuration."""

    zones: Mapping[str, Zone]
    default: str
    policies: tuple[Policy, ...] = ()
    ipsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, tuple[PortRange, ...]] = field(default_factory=dict)
    drifts: bool = False

    def members(self, name: str) -> tuple[str, ...]:
        return self.ipsets.get(name, ())

    def opens(self, service: str) -> tuple[PortRange, ...]:
        return self.services.get(service) or _STOCK_SERVICES.get(service) or ()


_STOCK_SERVICES = {
    name: (PortRange(port, port, "tcp"),)
    for name, port in (("http", 80), ("https", 443), ("ssh", 22))
}


@frozen
class ZoneMatch:
    """A zone that a packet enters, and the source that binds it there ("" for an interface or the
    default zone)."""

    zone: Zone
    source: str = ""


@frozen
class Decision:
    """What happens to a packet, and why: `rule` is the deciding rich rule or forward-port, `policy`
    the deciding policy. Without them the zone's open ports or its target decided."""

    verdict: Verdict
    zone_match: ZoneMatch
    policy: Policy | None = None
    rule: str = ""

    @property
    def admits(self) -> bool:
        return self.verdict in {"accept", "forward"}


def decide(settings: Settings, packet: Packet) -> Decision | None:
    """Return the decision about a packet, or None if its zone is not known."""
    zone_matches = matching_zones(settings, packet)
    for index, zone_match in enumerate(zone_matches):
        drifting = settings.drifts and zone_match.source and zone_match.zone.target == "default"
        last = index == len(zone_matches) - 1 or not drifting
        if decision := _in_zone(settings, packet, zone_match, last):
            return decision
    return None


def matching_zones(settings: Settings, packet: Packet) -> tuple[ZoneMatch, ...]:
    """Return the zones that a packet may enter, in the order of evaluation."""
    candidates: list[tuple[int, int, str, ZoneMatch]] = []
    for zone in settings.zones.values():
        for source in zone.sources:
            if is_address_in(packet.source, source, packet.family, settings.members):
                candidates.append((zone.priority, 1, zone.name, ZoneMatch(zone, source)))
        if has_interface(zone, packet.nic):
            candidates.append((zone.priority, 2, zone.name, ZoneMatch(zone)))
    ordered = [
        zone_match for *_, zone_match in sorted(candidates, key=lambda candidate: candidate[:3])
    ]
    if settings.default in settings.zones:
        ordered.append(ZoneMatch(settings.zones[settings.default]))
    return tuple(ordered)


def has_interface(zone: Zone, nic: str) -> bool:
    """Return whether an interface is in the zone; "eth+" matches every name with that prefix."""
    return bool(nic) and any(
        interface == nic or (interface.endswith("+") and nic.startswith(interface[:-1]))
        for interface in zone.interfaces
    )


def _in_zone(
    settings: Settings, packet: Packet, zone_match: ZoneMatch, last: bool
) -> Decision | None:
    zone = zone_match.zone
    before, after = _policies(settings, zone.name, "HOST")
    if decision := _forwarded(settings, packet, zone_match):
        return decision
    for policy in before:
        if decision := _in_policy(settings, packet, zone_match, policy):
            return decision
    if decision := _by_openings(settings, packet, zone_match, zone):
        return decision
    for policy in after:
        if decision := _in_policy(settings, packet, zone_match, policy):
            return decision
    return _by_target(zone.target, zone_match) if last else None


def _zone_and_policies(settings: Settings, zone: Zone, *egress: str) -> tuple[Zone | Policy, ...]:
    """Return the zone with the policies before and after it."""
    before, after = _policies(settings, zone.name, *egress)
    return (*before, zone, *after)


def _policies(settings: Settings, zone: str, *egress: str) -> tuple[list[Policy], list[Policy]]:
    """Return the policies for packets from the zone: those before and those after the zone."""
    ordered = sorted(
        (
            policy
            for policy in settings.policies
            if {zone, "ANY"} & set(policy.ingress) and set(egress) & set(policy.egress)
        ),
        key=lambda policy: (policy.priority, policy.name),
    )
    return (
        [policy for policy in ordered if policy.priority < 0],
        [policy for policy in ordered if policy.priority >= 0],
    )


def _forwarded(settings: Settings, packet: Packet, zone_match: ZoneMatch) -> Decision | None:
    for zone_or_policy in _zone_and_policies(settings, zone_match.zone, "HOST", "ANY"):
        policy = zone_or_policy if isinstance(zone_or_policy, Policy) else None
        rules = [rule for rule in _rules(zone_or_policy) if rule.element == "forward-port"]
        from_rich_rules = (rule.text for rule in rules if _is_about(settings, packet, rule))
        listed = (
            forward_port
            for forward_port in zone_or_policy.forward_ports
            if forward_port_matches(forward_port, packet)
        )
        if rule := next(from_rich_rules, "") or next(listed, ""):
            return Decision("forward", zone_match, policy, rule)
    return None


def _in_policy(
    settings: Settings, packet: Packet, zone_match: ZoneMatch, policy: Policy
) -> Decision | None:
    return _by_openings(settings, packet, zone_match, policy) or _by_target(
        policy.target, zone_match, policy
    )


def _by_openings(
    settings: Settings, packet: Packet, zone_match: ZoneMatch, zone_or_policy: Zone | Policy
) -> Decision | None:
    policy = zone_or_policy if isinstance(zone_or_policy, Policy) else None
    rules = sorted(_rules(zone_or_policy), key=lambda rule: rule.priority)
    first = (rule for rule in rules if rule.priority < 0)
    denying = (rule for rule in rules if rule.priority == 0 and rule.action in {"reject", "drop"})
    accepting = (rule for rule in rules if rule.priority == 0 and rule.action == "accept")
    after = (rule for rule in rules if rule.priority > 0)
    decide_by_rules = partial(_by_rich_rule, settings, packet, zone_match, policy)
    if decision := decide_by_rules((*first, *denying)):
        return decision
    if any(
        packet.port in port_range and port_range.protocol == "tcp"
        for port_range in zone_or_policy.opens
    ):
        return Decision("accept", zone_match, policy)
    return decide_by_rules((*accepting, *after))


def _by_rich_rule(
    settings: Settings,
    packet: Packet,
    zone_match: ZoneMatch,
    policy: Policy | None,
    rules: Sequence[RichRule],
) -> Decision | None:
    verdicts: dict[str, Verdict] = {"accept": "accept", "reject": "reject", "drop": "drop"}
    for rule in rules:
        verdict = verdicts.get(rule.action)
        if verdict and rule.element != "forward-port" and _is_about(settings, packet, rule):
            return Decision(verdict, zone_match, policy, rule.text)
    return None


def _by_target(target: str, zone_match: ZoneMatch, policy: Policy | None = None) -> Decision | None:
    if target in _REJECTS:
        return Decision("reject", zone_match, policy)
    if target in {"ACCEPT", "DROP"}:
        return Decision("accept" if target == "ACCEPT" else "drop", zone_match, policy)
    return None


def _rules(zone_or_policy: Zone | Policy) -> Iterator[RichRule]:
    return map(rich_rule, zone_or_policy.rich_rules)


def _is_about(settings: Settings, packet: Packet, rule: RichRule) -> bool:
    return matches_packet(rule, packet, settings.members, settings.opens)


def rules_for_sources(settings: Settings, packet: Packet, action: str) -> tuple[RichRule, ...]:
    """Return the rich rules with that action that would match this packet if it came from the
    sources that they name."""
    return tuple(
        rule
        for zone_match in matching_zones(settings, packet)[:1]
        for zone_or_policy in _zone_and_policies(settings, zone_match.zone, "HOST")
        for rule in _rules(zone_or_policy)
        if rule.action == action
        and rule.source is not None
        and not rule.source.inverted
        and _is_about(settings, packet, replace(rule, source=None))
        and not _is_about(settings, packet, rule)
    )
