"""Checks of the layer `firewall`, and what those of firewalld share: what is closed to whom, and
why.

What firewalld refuses has exactly one of the faults below, so that no two checks speak of the
same one.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from checks.firewall._firewalld import (
    Fate,
    Rules,
    administrators,
    clients,
    contradicting,
    is_elsewhere,
    ports_that_matter,
)
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.firewall import Zone
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.firewalld.evaluator import Decision
from diagnose.parsers.firewalld.rich_rules import rich_rule as parts

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

Fault = Literal["port-closed", "not-reloaded", "wrong-zone", "source-zone", "rich-rule", "policy"]


@frozen
class Closed:
    """Visitors who are refused, all by the same thing. `instead` is another zone in which the
    ports are open; `reached` what nevertheless got through."""

    fault: Fault
    fates: tuple[Fate, ...]
    instead: Zone | None = None
    reached: tuple[Connection, ...] = ()

    @property
    def client(self) -> tuple[str, ...]:
        """The addresses of the only client known to be refused; none where everybody is."""
        sources = (fate.packet.source for fate in self.fates)
        return tuple(dict.fromkeys(source for source in sources if source))

    @property
    def now(self) -> Decision:
        return self.fates[0].now

    @property
    def later(self) -> Decision | None:
        return self.fates[0].later

    @property
    def zone(self) -> Zone:
        return self.now.entered.zone

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(fate.port for fate in self.fates))


def closed(rules: Rules, fault: Fault) -> Iterator[Closed]:
    """What is closed by this fault, and to whom."""
    for one in (*_to_strangers(rules), *_to_clients(rules)):
        if one.fault == fault:
            yield one


def _to_strangers(rules: Rules) -> Iterator[Closed]:
    refused = [
        (fate, fault_of(rules, fate))
        for port in ports_that_matter(rules.evidence)
        if not is_elsewhere(rules.evidence, port)
        for fate in rules.fates(port)
        if not fate.now.admits and _meets_the_visitor(rules, fate)
    ]
    # Ports that one remedy opens are one fault, by the more general of their names. One that
    # some are let in to is not forgotten but kept from others.
    target = rules.evidence.target.port
    mine = any(is_kept(rules, fate, fault) for fate, fault in refused if fate.port == target)
    # Beside a site that is kept for some its redirect is closed as well.
    refused = [
        (fate, fault)
        for fate, fault in refused
        if not is_kept(rules, fate, fault) and not (mine and fate.port != target)
    ]
    unlisted = [fate for fate, fault in refused if fault == "port-closed"]
    nowhere = {fate.now.entered.zone.name for fate in unlisted if not _instead(rules, fate)}
    groups = _Groups()
    for fate, fault in refused:
        if fault == "port-closed" and fate.now.entered.zone.name not in nowhere:
            fault = "wrong-zone"
        groups.add(fault, fate, bool(contradicting(rules, [fate])))
    for fault, fates in groups:
        instead = _instead(rules, fates[0]) if fault == "wrong-zone" else None
        yield Closed(fault, fates, instead, contradicting(rules, fates))


def _meets_the_visitor(rules: Rules, fate: Fate) -> bool:
    """Whether what refuses strangers also refuses the visitor for whom the run judges."""
    if not rules.visitor:
        return True
    theirs = rules.fates(fate.port, rules.visitor)
    return any(one.address == fate.address and _same(one.now, fate.now) for one in theirs)


class _Groups:
    """Fates that one remedy mends, by fault."""

    def __init__(self) -> None:
        self._fates: dict[tuple[Fault, bool, tuple[str, ...]], list[Fate]] = {}

    def add(self, fault: Fault, fate: Fate, reached: bool = False) -> None:
        self._fates.setdefault((fault, reached, _by(fate, fault)), []).append(fate)

    def __iter__(self) -> Iterator[tuple[Fault, tuple[Fate, ...]]]:
        for (fault, *_), fates in self._fates.items():
            yield fault, tuple(fates)


def _to_clients(rules: Rules) -> Iterator[Closed]:
    """What is closed to the client in particular, who may come by IPv4 and by IPv6."""
    groups, through = _Groups(), dict[tuple[str, str, int], Connection]()
    logged_in = administrators(rules.evidence)
    for source, tried in _tried_from(rules).items():
        through |= {(source, one.address, one.port): one for one in tried if not one.failure}
        for port in ports_that_matter(rules.evidence):
            strangers = {fate.address: fate for fate in rules.fates(port)}
            for fate in rules.fates(port, source):
                other = strangers.get(fate.address)
                if not fate.now.admits and not (other and _same(fate.now, other.now)):
                    fault = fault_of(rules, fate)
                    # A network from which one administers may well have a zone of its own.
                    if source not in logged_in or fault == "rich-rule":
                        groups.add(fault, fate)
    for fault, fates in groups:
        ends = [(fate.packet.source, fate.address, fate.port) for fate in fates]
        reached = tuple(through[end] for end in ends if end in through)
        if fault != "port-closed":
            yield Closed(fault, fates, None, reached)


def _tried_from(rules: Rules) -> dict[str, tuple[Connection, ...]]:
    """Visitors whose address is known, with what they tried. Where the run judges for one of them,
    others only where their own tries failed."""
    tried = clients(rules.evidence)
    if rules.visitor:
        failed = {one: some for one, some in tried.items() if any(try_.failure for try_ in some)}
        return {rules.visitor: ()} | failed
    return dict.fromkeys(administrators(rules.evidence), ()) | tried


def _same(one: Decision, other: Decision) -> bool:
    return not other.admits and (one.entered.zone, one.policy, one.rule) == (
        other.entered.zone,
        other.policy,
        other.rule,
    )


def _by(fate: Fate, fault: Fault) -> tuple[str, ...]:
    """What refuses: alike for all that one remedy opens."""
    now = fate.now
    if fault in {"port-closed", "wrong-zone", "source-zone"}:
        return (now.entered.zone.name,)
    policy = now.policy.name if now.policy else ""
    return (now.entered.zone.name, now.entered.source, policy, now.rule)


def is_kept(rules: Rules, fate: Fate, fault: Fault) -> bool:
    """Whether the port is open to some by name: then it is closed to strangers on purpose."""
    return fault != "not-reloaded" and bool(rules.kept_for(fate))


def fault_of(rules: Rules, fate: Fate) -> Fault:
    """What comes after all that is open (a rule of positive priority) only refuses what nothing
    opens: that is the fault then."""
    now = fate.now
    if fate.later is not None and fate.later.admits and not _is_special(rules, now):
        return "not-reloaded"
    last = (now.policy and now.policy.priority > 0) or (
        now.rule and not now.policy and parts(now.rule).priority > 0
    )
    if last and not rules.without(fate).admits:
        return "source-zone" if now.entered.source else "port-closed"
    if now.policy:
        return "policy"
    if now.rule:
        return "rich-rule"
    return "source-zone" if now.entered.source else "port-closed"


def _is_special(rules: Rules, now: Decision) -> bool:
    """Whether something refuses that a reload would take away: a rich rule, or the source of a
    zone. Such things are as often added for now only as they are removed from the files only."""
    kept = rules.later.zones.get(now.entered.zone.name)
    return bool(now.rule) or bool(
        now.entered.source and kept and now.entered.source not in kept.sources
    )


def _instead(rules: Rules, fate: Fate) -> Zone | None:
    """Another zone, by which the target's visitors do not enter, that opens the port on purpose
    (and not, like "trusted", everything)."""
    entered = {one.now.entered.zone.name for one in rules.fates(fate.port)}
    others = [*rules.now.zones.values(), *rules.later.zones.values()]
    return next(
        (
            zone
            for zone in others
            if zone.name not in entered and zone.target != "ACCEPT" and zone.admits(fate.port)
        ),
        None,
    )


# What the checks say


#: Where nothing would answer there is nothing to open.
NOTHING_LISTENS = Fix((Manual("nothing-listens", Where.SERVER),), Applicability.MANUAL)


def unused(evidence: Evidence, ports: Iterable[int]) -> bool:
    """Whether nothing listens on the target's port, which is among these, nor is it led to
    anything: as far as the whole list was read."""
    port, read = evidence.target.port, evidence.good(Listeners)
    if port not in ports or not read or any(one for seen in read for one in seen.on(port)):
        return False
    from checks.firewall._nat import led

    return not led(evidence, port)


def claim(found: Closed, rules: Rules, fix: Fix | None, **more: object) -> Claim:
    """What is closed, where and to whom; doubted, and no fault, if a client got through all the
    same. What would open it is a question where rules name sources."""
    from checks.firewall import _restricted_ports
    from checks.firewall._firewalld_fixes import letting_in

    doubted = bool(found.reached)
    by_source = _restricted_ports.restrictions(rules.evidence, found.ports)
    if _restricted_ports.is_opening(fix) and unused(rules.evidence, found.ports):
        fix = NOTHING_LISTENS
    elif fix and by_source and _restricted_ports.is_opening(fix):
        visitor = visitor_of(rules, found.fates)
        narrow = letting_in(rules, found.fates, visitor or _restricted_ports.PLACEHOLDER)
        fix = _restricted_ports.question(narrow, fix, visitor)
    zones = [found.now.policy or found.zone, found.zone, found.instead]
    zones += [found.later.entered.zone] if found.later else []
    because = [one for one in (*zones, *found.reached, *_failed(found, rules)) if one]
    return Claim(
        about=about(found.zone, found.fates),
        covers=covers(found.fates),
        because=tuple(dict.fromkeys(because)),
        facts={
            **facts(found.fates),
            "iptables": rules.daemon is not None and rules.daemon.backend == "iptables",
            "contradiction": _words(found.reached),
            "restricted": _restricted_ports.words(by_source),
            **more,
        },
        confidence=Confidence.POSSIBLE if doubted else Confidence.CERTAIN,
        severity=Severity.NOTE if doubted else _severity(found, rules),
        fix=fix,
    )


def visitor_of(rules: Rules, fates: Iterable[Fate]) -> str:
    """The client that is refused, or tries in vain, where it comes by the family that is closed."""
    refused = tuple(fates)
    for fate in refused:
        if fate.packet.source:
            return fate.packet.source
    families, ports = {fate.family for fate in refused}, {fate.port for fate in refused}
    for source, tried in clients(rules.evidence).items():
        failed = any(one.failure and one.port in ports for one in tried)
        if failed and families == {6 if ":" in source else 4}:
            return source
    return ""


def _failed(found: Closed, rules: Rules) -> list[Observation]:
    known = clients(rules.evidence)
    tried = (one for client in found.client for one in known.get(client, ()))
    return [one for one in tried if one.failure and one.port in found.ports]


def _severity(found: Closed, rules: Rules) -> Severity:
    """A warning where only the redirect suffers, or visitors come in by the other family."""
    target = rules.evidence.target.port
    if target not in found.ports:
        return Severity.WARNING
    who = found.client or (rules.visitor,)
    alike = [fate for client in who for fate in rules.fates(target, client)]
    return Severity.WARNING if any(fate.now.admits for fate in alike) else Severity.ERROR


def facts(fates: tuple[Fate, ...]) -> dict[str, Any]:
    now, ports = fates[0].now, tuple(dict.fromkeys(fate.port for fate in fates))
    families = {fate.family for fate in fates}
    return {
        "zone": now.entered.zone.name,
        "interface": nics(fates),
        "port": f"{ports[0]}/tcp",
        "ports": tuple(f"{port}/tcp" for port in ports),
        "target": now.entered.zone.target,
        "drops": now.verdict == "drop",
        "ipv6": families == {6},
    }


def nics(fates: Iterable[Fate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fate.packet.nic for fate in fates if fate.packet.nic))


def about(zone: Zone, fates: tuple[Fate, ...]) -> Subject:
    ports = tuple(dict.fromkeys(fate.port for fate in fates))
    numbers = ", ".join(f"{port}/tcp" for port in ports)
    text = ", ".join((f"{zone.name} zone", *nics(fates), numbers))
    return Subject(port=ports[0] if len(ports) == 1 else None, text=text)


def covers(fates: Iterable[Fate]) -> tuple[Subject, ...]:
    return tuple(Subject(address=fate.address or None, port=fate.port) for fate in fates)


def _words(reached: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(str(Subject(address=one.address, port=one.port)) for one in reached)
