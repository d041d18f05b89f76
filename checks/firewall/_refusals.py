"""What firewalld refuses: which ports are closed, for whom, and why.

Everything that firewalld refuses has exactly one of the faults in `Fault`, so two checks never
report the same refusal.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from checks.firewall._firewalld import FirewalldView, VisitorOutcome
from checks.firewall._visitors import (
    client_attempts,
    client_by_connection,
    clients_that_failed,
    external_connections,
    is_served_elsewhere,
    relevant_ports,
    ssh_clients,
)
from diagnose.model.firewall import Zone
from diagnose.model.frozen import frozen
from diagnose.model.tcp import Connection
from diagnose.parsers.firewalld.evaluator import Decision
from diagnose.parsers.firewalld.rich_rules import rich_rule as parse_rich_rule

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
    evidence = firewalld.evidence
    if firewalld.visitor:
        return {firewalld.visitor: ()} | clients_that_failed(evidence)
    return dict.fromkeys(ssh_clients(evidence), ()) | client_attempts(evidence)


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
    entry_zones = {
        port_outcome.runtime.zone_match.zone.name
        for port_outcome in firewalld.outcomes(outcome.port)
    }
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


def contradicting_connections(
    firewalld: FirewalldView, outcomes: Iterable[VisitorOutcome]
) -> tuple[Connection, ...]:
    """Return the connections that succeeded although the rules refuse them.

    A connection is no contradiction if the rules let in its own client: others are still rejected.
    """
    source_by_connection = client_by_connection(firewalld.evidence)
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
