"""Checks of the layer `firewall`, and what those of firewalld share: what is closed to whom, and
why.

What firewalld refuses has exactly one of the faults below, so that no two checks speak of the
same one.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from checks.firewall._firewalld import (
    FirewalldView,
    VisitorOutcome,
    client_attempts,
    contradicting_connections,
    is_served_elsewhere,
    relevant_ports,
    ssh_clients,
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
from diagnose.parsers.firewalld.rich_rules import rich_rule as parse_rich_rule

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
class Refusal:
    """Visitors who are refused, all by the same thing. `instead` is another zone in which the
    ports are open; `reached` what nevertheless got through."""

    fault: Fault
    outcomes: tuple[VisitorOutcome, ...]
    alternative_zone: Zone | None = None
    contradictions: tuple[Connection, ...] = ()

    @property
    def client_addresses(self) -> tuple[str, ...]:
        """The addresses of the only client known to be refused; none where everybody is."""
        sources = (outcome.packet.source for outcome in self.outcomes)
        return tuple(dict.fromkeys(source for source in sources if source))

    @property
    def runtime(self) -> Decision:
        return self.outcomes[0].runtime

    @property
    def after_reload(self) -> Decision | None:
        return self.outcomes[0].after_reload

    @property
    def zone(self) -> Zone:
        return self.runtime.zone_match.zone

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(outcome.port for outcome in self.outcomes))


def refusals(firewalld: FirewalldView, fault: Fault) -> Iterator[Refusal]:
    """What is closed by this fault, and to whom."""
    for refusal in (*_stranger_refusals(firewalld), *_client_refusals(firewalld)):
        if refusal.fault == fault:
            yield refusal


def _stranger_refusals(firewalld: FirewalldView) -> Iterator[Refusal]:
    outcome_faults = [
        (outcome, fault_of(firewalld, outcome))
        for port in relevant_ports(firewalld.evidence)
        if not is_served_elsewhere(firewalld.evidence, port)
        for outcome in firewalld.outcomes(port)
        if not outcome.runtime.admits and _affects_visitor(firewalld, outcome)
    ]
    # Ports that one remedy opens are one fault, by the more general of their names. One that
    # some are let in to is not forgotten but kept from others.
    target = firewalld.evidence.target.port
    is_target_allowlisted = any(
        is_allowlisted(firewalld, outcome, fault)
        for outcome, fault in outcome_faults
        if outcome.port == target
    )
    # Beside a site that is kept for some its redirect is closed as well.
    outcome_faults = [
        (outcome, fault)
        for outcome, fault in outcome_faults
        if not is_allowlisted(firewalld, outcome, fault)
        and not (is_target_allowlisted and outcome.port != target)
    ]
    closed_outcomes = [outcome for outcome, fault in outcome_faults if fault == "port-closed"]
    closed_zones = {
        outcome.runtime.zone_match.zone.name
        for outcome in closed_outcomes
        if not _alternative_zone(firewalld, outcome)
    }
    groups = _OutcomeGroups()
    for outcome, fault in outcome_faults:
        if fault == "port-closed" and outcome.runtime.zone_match.zone.name not in closed_zones:
            fault = "wrong-zone"
        groups.add(fault, outcome, bool(contradicting_connections(firewalld, [outcome])))
    for fault, outcomes in groups:
        alternative_zone = (
            _alternative_zone(firewalld, outcomes[0]) if fault == "wrong-zone" else None
        )
        yield Refusal(
            fault, outcomes, alternative_zone, contradicting_connections(firewalld, outcomes)
        )


def _affects_visitor(firewalld: FirewalldView, outcome: VisitorOutcome) -> bool:
    """Whether what refuses strangers also refuses the visitor for whom the run judges."""
    if not firewalld.visitor:
        return True
    visitor_outcomes = firewalld.outcomes(outcome.port, firewalld.visitor)
    return any(
        visitor_outcome.address == outcome.address
        and _is_same_refusal(visitor_outcome.runtime, outcome.runtime)
        for visitor_outcome in visitor_outcomes
    )


class _OutcomeGroups:
    """Fates that one remedy mends, by fault."""

    def __init__(self) -> None:
        self._outcomes: dict[tuple[Fault, bool, tuple[str, ...]], list[VisitorOutcome]] = {}

    def add(self, fault: Fault, outcome: VisitorOutcome, contradicted: bool = False) -> None:
        self._outcomes.setdefault((fault, contradicted, _refusal_key(outcome, fault)), []).append(
            outcome
        )

    def __iter__(self) -> Iterator[tuple[Fault, tuple[VisitorOutcome, ...]]]:
        for (fault, *_), outcomes in self._outcomes.items():
            yield fault, tuple(outcomes)


def _client_refusals(firewalld: FirewalldView) -> Iterator[Refusal]:
    """What is closed to the client in particular, who may come by IPv4 and by IPv6."""
    groups, successes = _OutcomeGroups(), dict[tuple[str, str, int], Connection]()
    ssh_addresses = ssh_clients(firewalld.evidence)
    for source, attempts in _client_attempts(firewalld).items():
        successes |= {
            (source, connection.address, connection.port): connection
            for connection in attempts
            if not connection.failure
        }
        for port in relevant_ports(firewalld.evidence):
            stranger_outcomes = {outcome.address: outcome for outcome in firewalld.outcomes(port)}
            for outcome in firewalld.outcomes(port, source):
                stranger_outcome = stranger_outcomes.get(outcome.address)
                if not outcome.runtime.admits and not (
                    stranger_outcome and _is_same_refusal(outcome.runtime, stranger_outcome.runtime)
                ):
                    fault = fault_of(firewalld, outcome)
                    # A network from which one administers may well have a zone of its own.
                    if source not in ssh_addresses or fault == "rich-rule":
                        groups.add(fault, outcome)
    for fault, outcomes in groups:
        endpoints = [(outcome.packet.source, outcome.address, outcome.port) for outcome in outcomes]
        contradictions = tuple(
            successes[endpoint] for endpoint in endpoints if endpoint in successes
        )
        if fault != "port-closed":
            yield Refusal(fault, outcomes, None, contradictions)


def _client_attempts(firewalld: FirewalldView) -> dict[str, tuple[Connection, ...]]:
    """Visitors whose address is known, with what they tried. Where the run judges for one of them,
    others only where their own tries failed."""
    attempts = client_attempts(firewalld.evidence)
    if firewalld.visitor:
        failed_attempts = {
            source: connections
            for source, connections in attempts.items()
            if any(connection.failure for connection in connections)
        }
        return {firewalld.visitor: ()} | failed_attempts
    return dict.fromkeys(ssh_clients(firewalld.evidence), ()) | attempts


def _is_same_refusal(decision: Decision, other_decision: Decision) -> bool:
    return not other_decision.admits and (
        decision.zone_match.zone,
        decision.policy,
        decision.rule,
    ) == (
        other_decision.zone_match.zone,
        other_decision.policy,
        other_decision.rule,
    )


def _refusal_key(outcome: VisitorOutcome, fault: Fault) -> tuple[str, ...]:
    """What refuses: alike for all that one remedy opens."""
    decision = outcome.runtime
    if fault in {"port-closed", "wrong-zone", "source-zone"}:
        return (decision.zone_match.zone.name,)
    policy = decision.policy.name if decision.policy else ""
    return (decision.zone_match.zone.name, decision.zone_match.source, policy, decision.rule)


def is_allowlisted(firewalld: FirewalldView, outcome: VisitorOutcome, fault: Fault) -> bool:
    """Whether the port is open to some by name: then it is closed to strangers on purpose."""
    return fault != "not-reloaded" and bool(firewalld.allowlisted_sources(outcome))


def fault_of(firewalld: FirewalldView, outcome: VisitorOutcome) -> Fault:
    """What comes after all that is open (a rule of positive priority) only refuses what nothing
    opens: that is the fault then."""
    decision = outcome.runtime
    if (
        outcome.after_reload is not None
        and outcome.after_reload.admits
        and not _is_lifted_by_reload(firewalld, decision)
    ):
        return "not-reloaded"
    is_catch_all = (decision.policy and decision.policy.priority > 0) or (
        decision.rule and not decision.policy and parse_rich_rule(decision.rule).priority > 0
    )
    if is_catch_all and not firewalld.decision_without_rule(outcome).admits:
        return "source-zone" if decision.zone_match.source else "port-closed"
    if decision.policy:
        return "policy"
    if decision.rule:
        return "rich-rule"
    return "source-zone" if decision.zone_match.source else "port-closed"


def _is_lifted_by_reload(firewalld: FirewalldView, decision: Decision) -> bool:
    """Whether something refuses that a reload would take away: a rich rule, or the source of a
    zone. Such things are as often added for now only as they are removed from the files only."""
    permanent_zone = firewalld.permanent.zones.get(decision.zone_match.zone.name)
    return bool(decision.rule) or bool(
        decision.zone_match.source
        and permanent_zone
        and decision.zone_match.source not in permanent_zone.sources
    )


def _alternative_zone(firewalld: FirewalldView, outcome: VisitorOutcome) -> Zone | None:
    """Another zone, by which the target's visitors do not enter, that opens the port on purpose
    (and not, like "trusted", everything)."""
    entry_zones = {one.runtime.zone_match.zone.name for one in firewalld.outcomes(outcome.port)}
    zones = [*firewalld.runtime.zones.values(), *firewalld.permanent.zones.values()]
    return next(
        (
            zone
            for zone in zones
            if zone.name not in entry_zones
            and zone.target != "ACCEPT"
            and zone.admits(outcome.port)
        ),
        None,
    )


# What the checks say


#: Where nothing would answer there is nothing to open.
NOTHING_LISTENS = Fix((Manual("nothing-listens", Where.SERVER),), Applicability.MANUAL)


def nothing_listens(evidence: Evidence, ports: Iterable[int]) -> bool:
    """Whether nothing listens on the target's port, which is among these, nor is it led to
    anything: as far as the whole list was read."""
    port, listener_lists = evidence.target.port, evidence.good(Listeners)
    if (
        port not in ports
        or not listener_lists
        or any(listener for listeners in listener_lists for listener in listeners.on(port))
    ):
        return False
    from checks.firewall._nat import dnat_targets

    return not dnat_targets(evidence, port)


def claim(
    refusal: Refusal, firewalld: FirewalldView, fix: Fix | None, **extra_facts: object
) -> Claim:
    """What is closed, where and to whom; doubted, and no fault, if a client got through all the
    same. What would open it is a question where rules name sources."""
    from checks.firewall import _restricted_ports
    from checks.firewall._firewalld_fixes import allow_commands

    is_doubtful = bool(refusal.contradictions)
    source_rules = _restricted_ports.restrictions(firewalld.evidence, refusal.ports)
    if _restricted_ports.is_automatic(fix) and nothing_listens(firewalld.evidence, refusal.ports):
        fix = NOTHING_LISTENS
    elif fix and source_rules and _restricted_ports.is_automatic(fix):
        visitor = refused_client(firewalld, refusal.outcomes)
        narrow_steps = allow_commands(
            firewalld, refusal.outcomes, visitor or _restricted_ports.PLACEHOLDER
        )
        fix = _restricted_ports.question(narrow_steps, fix, visitor)
    zones = [refusal.runtime.policy or refusal.zone, refusal.zone, refusal.alternative_zone]
    zones += [refusal.after_reload.zone_match.zone] if refusal.after_reload else []
    because = [
        observation
        for observation in (
            *zones,
            *refusal.contradictions,
            *_failed_connections(refusal, firewalld),
        )
        if observation
    ]
    return Claim(
        about=subject_of(refusal.zone, refusal.outcomes),
        covers=subjects_of(refusal.outcomes),
        because=tuple(dict.fromkeys(because)),
        facts={
            **facts(refusal.outcomes),
            "iptables": firewalld.daemon is not None and firewalld.daemon.backend == "iptables",
            "contradiction": _endpoint_texts(refusal.contradictions),
            "restricted": _restricted_ports.quoted_rules(source_rules),
            **extra_facts,
        },
        confidence=Confidence.POSSIBLE if is_doubtful else Confidence.CERTAIN,
        severity=Severity.NOTE if is_doubtful else _severity(refusal, firewalld),
        fix=fix,
    )


def refused_client(firewalld: FirewalldView, outcomes: Iterable[VisitorOutcome]) -> str:
    """The client that is refused, or tries in vain, where it comes by the family that is closed."""
    refused_outcomes = tuple(outcomes)
    for outcome in refused_outcomes:
        if outcome.packet.source:
            return outcome.packet.source
    families, ports = (
        {outcome.family for outcome in refused_outcomes},
        {outcome.port for outcome in refused_outcomes},
    )
    for source, attempts in client_attempts(firewalld.evidence).items():
        has_failed = any(connection.failure and connection.port in ports for connection in attempts)
        if has_failed and families == {6 if ":" in source else 4}:
            return source
    return ""


def _failed_connections(refusal: Refusal, firewalld: FirewalldView) -> list[Observation]:
    attempts_by_client = client_attempts(firewalld.evidence)
    attempts = (
        connection
        for client in refusal.client_addresses
        for connection in attempts_by_client.get(client, ())
    )
    return [
        connection
        for connection in attempts
        if connection.failure and connection.port in refusal.ports
    ]


def _severity(refusal: Refusal, firewalld: FirewalldView) -> Severity:
    """A warning where only the redirect suffers, or visitors come in by the other family."""
    target = firewalld.evidence.target.port
    if target not in refusal.ports:
        return Severity.WARNING
    sources = refusal.client_addresses or (firewalld.visitor,)
    target_outcomes = [
        outcome for client in sources for outcome in firewalld.outcomes(target, client)
    ]
    return (
        Severity.WARNING
        if any(outcome.runtime.admits for outcome in target_outcomes)
        else Severity.ERROR
    )


def facts(outcomes: tuple[VisitorOutcome, ...]) -> dict[str, Any]:
    decision, ports = (
        outcomes[0].runtime,
        tuple(dict.fromkeys(outcome.port for outcome in outcomes)),
    )
    families = {outcome.family for outcome in outcomes}
    return {
        "zone": decision.zone_match.zone.name,
        "interface": interface_names(outcomes),
        "port": f"{ports[0]}/tcp",
        "ports": tuple(f"{port}/tcp" for port in ports),
        "target": decision.zone_match.zone.target,
        "drops": decision.verdict == "drop",
        "ipv6": families == {6},
    }


def interface_names(outcomes: Iterable[VisitorOutcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(outcome.packet.nic for outcome in outcomes if outcome.packet.nic))


def subject_of(zone: Zone, outcomes: tuple[VisitorOutcome, ...]) -> Subject:
    ports = tuple(dict.fromkeys(outcome.port for outcome in outcomes))
    numbers = ", ".join(f"{port}/tcp" for port in ports)
    text = ", ".join((f"{zone.name} zone", *interface_names(outcomes), numbers))
    return Subject(port=ports[0] if len(ports) == 1 else None, text=text)


def subjects_of(outcomes: Iterable[VisitorOutcome]) -> tuple[Subject, ...]:
    return tuple(
        Subject(address=outcome.address or None, port=outcome.port) for outcome in outcomes
    )


def _endpoint_texts(connections: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(
        str(Subject(address=connection.address, port=connection.port)) for connection in connections
    )
