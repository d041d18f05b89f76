"""What firewalld does with a visitor's packet, in the order in which it asks (as its own
nftables.py writes the rules; firewalld.zones(5), firewalld.policies(5)):

1. the zones that the packet could enter: bound to its source, then to the interface, then the
   default one; the first decides;
2. what is forwarded (it is let in then, whatever else is closed);
3. policies of negative priority, the zone, policies of positive priority, the zone's target.

Within a zone or policy: rich rules of negative priority, those that reject or drop, what is
open (ports, services, rich rules that accept), rich rules of positive priority, and for a policy
its target. Pure.
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
    about,
    forwards,
    rich_rule,
    within,
)

Verdict = Literal["accept", "reject", "drop", "forward"]

_REJECTS = {"default", "REJECT", "%%REJECT%%"}


@frozen
class Settings:
    """firewalld's configuration, the running or the permanent one."""

    zones: Mapping[str, Zone]
    default: str
    policies: tuple[Policy, ...] = ()
    ipsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, tuple[PortRange, ...]] = field(default_factory=dict)
    drifts: bool = False

    def members(self, name: str) -> tuple[str, ...]:
        return self.ipsets.get(name, ())

    def opens(self, service: str) -> tuple[PortRange, ...]:
        return self.services.get(service) or _STOCK.get(service) or ()


_STOCK = {
    name: (PortRange(port, port, "tcp"),)
    for name, port in (("http", 80), ("https", 443), ("ssh", 22))
}


@frozen
class Entered:
    """The zone that a packet enters, and the source that binds it there ("" for an interface
    or the default zone)."""

    zone: Zone
    source: str = ""


@frozen
class Decision:
    """What becomes of a packet, and by what: the policy, the rich rule or forward (`rule`), else
    what the zone (or policy) opens, else its target."""

    verdict: Verdict
    entered: Entered
    policy: Policy | None = None
    rule: str = ""

    @property
    def admits(self) -> bool:
        return self.verdict in {"accept", "forward"}


def decide(settings: Settings, packet: Packet) -> Decision | None:
    """None where the zone is not known."""
    found = enterable(settings, packet)
    for index, entered in enumerate(found):
        drifting = settings.drifts and entered.source and entered.zone.target == "default"
        last = index == len(found) - 1 or not drifting
        if decision := _in_zone(settings, packet, entered, last):
            return decision
    return None


def enterable(settings: Settings, packet: Packet) -> tuple[Entered, ...]:
    """The zones that a packet could enter, in the order in which they are asked."""
    found: list[tuple[int, int, str, Entered]] = []
    for zone in settings.zones.values():
        for source in zone.sources:
            if within(packet.source, source, packet.family, settings.members):
                found.append((zone.priority, 1, zone.name, Entered(zone, source)))
        if holds(zone, packet.nic):
            found.append((zone.priority, 2, zone.name, Entered(zone)))
    ordered = [entered for *_, entered in sorted(found, key=lambda one: one[:3])]
    if settings.default in settings.zones:
        ordered.append(Entered(settings.zones[settings.default]))
    return tuple(ordered)


def holds(zone: Zone, nic: str) -> bool:
    """Whether an interface is in the zone; "eth+" stands for all that begin so."""
    return bool(nic) and any(
        one == nic or (one.endswith("+") and nic.startswith(one[:-1])) for one in zone.interfaces
    )


def _in_zone(settings: Settings, packet: Packet, entered: Entered, last: bool) -> Decision | None:
    zone = entered.zone
    before, after = _policies(settings, zone.name, "HOST")
    if decision := _forwarded(settings, packet, entered):
        return decision
    for policy in before:
        if decision := _in_policy(settings, packet, entered, policy):
            return decision
    if decision := _by_rules(settings, packet, entered, zone):
        return decision
    for policy in after:
        if decision := _in_policy(settings, packet, entered, policy):
            return decision
    return _by_target(zone.target, entered) if last else None


def _met(settings: Settings, zone: Zone, *egress: str) -> tuple[Zone | Policy, ...]:
    """The zone, and the policies before and after it."""
    before, after = _policies(settings, zone.name, *egress)
    return (*before, zone, *after)


def _policies(settings: Settings, zone: str, *egress: str) -> tuple[list[Policy], list[Policy]]:
    """Those for what comes in by the zone, before and after the zone."""
    ordered = sorted(
        (
            one
            for one in settings.policies
            if {zone, "ANY"} & set(one.ingress) and set(egress) & set(one.egress)
        ),
        key=lambda one: (one.priority, one.name),
    )
    return (
        [one for one in ordered if one.priority < 0],
        [one for one in ordered if one.priority >= 0],
    )


def _forwarded(settings: Settings, packet: Packet, entered: Entered) -> Decision | None:
    for place in _met(settings, entered.zone, "HOST", "ANY"):
        policy = place if isinstance(place, Policy) else None
        rules = [one for one in _rules(place) if one.element == "forward-port"]
        led = (one.text for one in rules if _is_about(settings, packet, one))
        listed = (one for one in place.forward_ports if forwards(one, packet))
        if rule := next(led, "") or next(listed, ""):
            return Decision("forward", entered, policy, rule)
    return None


def _in_policy(
    settings: Settings, packet: Packet, entered: Entered, policy: Policy
) -> Decision | None:
    return _by_rules(settings, packet, entered, policy) or _by_target(
        policy.target, entered, policy
    )


def _by_rules(
    settings: Settings, packet: Packet, entered: Entered, place: Zone | Policy
) -> Decision | None:
    policy = place if isinstance(place, Policy) else None
    rules = sorted(_rules(place), key=lambda one: one.priority)
    first = (one for one in rules if one.priority < 0)
    denying = (one for one in rules if one.priority == 0 and one.action in {"reject", "drop"})
    accepting = (one for one in rules if one.priority == 0 and one.action == "accept")
    after = (one for one in rules if one.priority > 0)
    decided = partial(_by_rich_rule, settings, packet, entered, policy)
    if decision := decided((*first, *denying)):
        return decision
    if any(packet.port in one and one.protocol == "tcp" for one in place.opens):
        return Decision("accept", entered, policy)
    return decided((*accepting, *after))


def _by_rich_rule(
    settings: Settings,
    packet: Packet,
    entered: Entered,
    policy: Policy | None,
    rules: Sequence[RichRule],
) -> Decision | None:
    verdicts: dict[str, Verdict] = {"accept": "accept", "reject": "reject", "drop": "drop"}
    for rule in rules:
        verdict = verdicts.get(rule.action)
        if verdict and rule.element != "forward-port" and _is_about(settings, packet, rule):
            return Decision(verdict, entered, policy, rule.text)
    return None


def _by_target(target: str, entered: Entered, policy: Policy | None = None) -> Decision | None:
    if target in _REJECTS:
        return Decision("reject", entered, policy)
    if target in {"ACCEPT", "DROP"}:
        return Decision("accept" if target == "ACCEPT" else "drop", entered, policy)
    return None


def _rules(place: Zone | Policy) -> Iterator[RichRule]:
    return map(rich_rule, place.rich_rules)


def _is_about(settings: Settings, packet: Packet, rule: RichRule) -> bool:
    return about(rule, packet, settings.members, settings.opens)


def for_some(settings: Settings, packet: Packet, action: str) -> tuple[RichRule, ...]:
    """The rich rules with that action that this packet would meet if it came from the sources
    that they name."""
    return tuple(
        rule
        for entered in enterable(settings, packet)[:1]
        for place in _met(settings, entered.zone, "HOST")
        for rule in _rules(place)
        if rule.action == action
        and rule.source is not None
        and not rule.source.other
        and _is_about(settings, packet, replace(rule, source=None))
        and not _is_about(settings, packet, rule)
    )
