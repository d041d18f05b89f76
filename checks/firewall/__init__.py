"""Checks of the layer `firewall`, and what the firewalld checks share: which ports are closed, for
whom, and why.

Everything that firewalld refuses has exactly one of the faults in `Fault`, so two checks never
report the same refusal.
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

#: The checks whose findings a closed port causes.
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
    """Visitors who are refused for the same reason.

    `alternative_zone` is another zone in which the ports are open. `contradictions` are connections
    that succeeded anyway.
    """

    fault: Fault
    outcomes: tuple[VisitorOutcome, ...]
    alternative_zone: Zone | None = None
    contradictions: tuple[Connection, ...] = ()

    @property
    def client_addresses(self) -> tuple[str, ...]:
        """The addresses of the client that is refused; empty if everybody is refused."""
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
    """Yield the refusals that have this fault."""
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
    # Ports that one fix opens are one fault, named by the more general fault name. A port that is
    # open to some addresses was not forgotten: it is closed to others on purpose.
    target = firewalld.evidence.target.port
    is_target_allowlisted = any(
        is_allowlisted(firewalld, outcome, fault)
        for outcome, fault in outcome_faults
        if outcome.port == target
    )
    # If only some addresses may reach the site, its redirect is closed on purpose as well.
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
    """Return whether the rule that refuses strangers also refuses the visitor of this run."""
    if not firewalld.visitor:
        return True
    visitor_outcomes = firewalld.outcomes(outcome.port, firewalld.visitor)
    return any(
        visitor_outcome.address == outcome.address
        and _is_same_refusal(visitor_outcome.runtime, outcome.runtime)
        for visitor_outcome in visitor_outcomes
    )


class _OutcomeGroups:
    """Outcomes grouped by fault and by what one fix opens."""

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
    """Yield what is closed to a known client in particular. A client may come by IPv4 and by
    IPv6."""
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
                    # A network that administrators log in from may well have a zone of its own.
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
    """Return the visitors whose address is known, with their connection attempts.

    If the run judges one visitor, other clients count only if their own attempts failed.
    """
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
    """Return the key of what refuses: it is equal for all outcomes that one fix opens."""
    decision = outcome.runtime
    if fault in {"port-closed", "wrong-zone", "source-zone"}:
        return (decision.zone_match.zone.name,)
    policy = decision.policy.name if decision.policy else ""
    return (decision.zone_match.zone.name, decision.zone_match.source, policy, decision.rule)


def is_allowlisted(firewalld: FirewalldView, outcome: VisitorOutcome, fault: Fault) -> bool:
    """Return whether some addresses are let in explicitly. Then the port is closed to strangers on
    purpose."""
    return fault != "not-reloaded" and bool(firewalld.allowlisted_sources(outcome))


def fault_of(firewalld: FirewalldView, outcome: VisitorOutcome) -> Fault:
    """Return the fault that explains the refusal.

    A rule of positive priority comes last and only refuses what nothing else opens. Then the fault
    is that nothing opens the port, not the rule.
    """
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
    """Return whether a reload would remove what refuses: a rich rule, or the source of a zone.

    Such a setting may have been added to the running firewall only, or removed from the files only.
    Both are equally common.
    """
    permanent_zone = firewalld.permanent.zones.get(decision.zone_match.zone.name)
    return bool(decision.rule) or bool(
        decision.zone_match.source
        and permanent_zone
        and decision.zone_match.source not in permanent_zone.sources
    )


def _alternative_zone(firewalld: FirewalldView, outcome: VisitorOutcome) -> Zone | None:
    """Return another zone that opens the port on purpose and that the target's visitors do not
    enter.

    A zone that accepts everything, like "trusted", does not count.
    """
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


# Claims


#: The fix if nothing listens on the port: opening it would not help.
NOTHING_LISTENS = Fix((Manual("nothing-listens", Where.SERVER),), Applicability.MANUAL)


def nothing_listens(evidence: Evidence, ports: Iterable[int]) -> bool:
    """Return whether nothing listens on the target's port and no rule forwards it.

    False if the port is not among `ports`, or if the list of listeners was not read.
    """
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
    """Make the claim that these ports are closed to these visitors.

    If a client got through anyway, the claim is only a note of low confidence. If rules name
    sources, the fix becomes a question (`_restricted_ports.question`).
    """
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
    """Return the client that is refused, or whose attempts over the closed IP family failed; "" if
    none."""
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
    """Return a warning if only the redirect suffers or if visitors get in over the other IP family;
    otherwise an error."""
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
