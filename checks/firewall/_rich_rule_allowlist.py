"""Claims about ports that firewalld opens by name to some addresses only."""

from collections.abc import Iterator

from checks.firewall import _restricted_ports
from checks.firewall._firewalld import FirewalldView, VisitorOutcome, firewalld_view
from checks.firewall._firewalld_claims import facts, refused_client, subject_of, subjects_of
from checks.firewall._firewalld_fixes import allow_commands, exception_commands, opening_commands
from checks.firewall._listening import NOTHING_LISTENS, nothing_listens
from checks.firewall._refusals import fault_of, is_allowlisted
from checks.firewall._visitors import external_connections, relevant_ports
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.addresses import is_private

#: How many networks are shown.
SHOWN = 6


def allowlist_claims(evidence: Evidence) -> Iterator[Claim]:
    """Yield a claim for each zone that lets only some addresses in. A visitor (`--from`) who is let
    in has no complaint."""
    firewalld = firewalld_view(evidence)
    groups: dict[str, list[VisitorOutcome]] = {}
    for port in relevant_ports(evidence):
        for outcome in firewalld.outcomes(port):
            visitor_outcomes = (
                firewalld.outcomes(port, firewalld.visitor) if firewalld.visitor else ()
            )
            if any(
                visitor_outcome.address == outcome.address and visitor_outcome.runtime.admits
                for visitor_outcome in visitor_outcomes
            ):
                continue
            if not outcome.runtime.admits and is_allowlisted(
                firewalld, outcome, fault_of(firewalld, outcome)
            ):
                groups.setdefault(outcome.runtime.zone_match.zone.name, []).append(outcome)
    for outcomes in groups.values():
        yield _claim(evidence, firewalld, tuple(outcomes))


def _claim(
    evidence: Evidence, firewalld: FirewalldView, outcomes: tuple[VisitorOutcome, ...]
) -> Claim:
    zone = outcomes[0].runtime.zone_match.zone
    source_by_rule = dict(
        rule_and_source
        for outcome in outcomes
        for rule_and_source in firewalld.allowlisted_sources(outcome)
    )
    sources = tuple(dict.fromkeys(source_by_rule.values()))
    outcome_facts = facts(outcomes)
    ports = tuple(dict.fromkeys(outcome.port for outcome in outcomes))
    connections = tuple(
        connection for port in ports for connection in external_connections(evidence, port)
    )
    is_private_site = all(is_private(outcome.address) for outcome in outcomes if outcome.address)
    is_intended = not firewalld.visitor and (bool(connections) or is_private_site)
    is_target_closed = evidence.target.port in ports
    full_severity = Severity.ERROR if is_target_closed else Severity.WARNING
    visitor = refused_client(firewalld, outcomes)
    narrow_steps = allow_commands(outcomes, visitor or _restricted_ports.PLACEHOLDER)
    fix = _restricted_ports.question(
        narrow_steps, _opening_fix(firewalld, outcomes, ports), visitor
    )
    return Claim(
        about=subject_of(zone, outcomes),
        covers=subjects_of(outcomes),
        because=(zone, *connections),
        confidence=Confidence.POSSIBLE if is_intended else Confidence.LIKELY,
        severity=Severity.NOTE if is_intended else full_severity,
        facts={
            **outcome_facts,
            "client": "",
            "jail": "",
            "owner": "firewalld",
            "sources": sources[:SHOWN],
            "more": max(len(sources) - SHOWN, 0),
            "family": "IPv6" if outcome_facts["ipv6"] else "",
            "rules": tuple(f"`{text}`" for text in list(source_by_rule)[:3]),
            "files": (),
            "meant": is_intended,
            "contradiction": (),
            "show": f"firewall-cmd --zone={zone.name} --list-all",
            "restricted": _restricted_ports.quoted_rules(
                _restricted_ports.restrictions(evidence, ports)
            ),
        },
        fix=NOTHING_LISTENS if nothing_listens(evidence, ports) else fix,
    )


def _opening_fix(
    firewalld: FirewalldView, outcomes: tuple[VisitorOutcome, ...], ports: tuple[int, ...]
) -> Fix:
    """Return the fix that opens the port to everybody: before the rule that refuses, or else in the
    zone that strangers enter."""
    decision = outcomes[0].runtime
    if decision.rule:
        return Fix(
            tuple(
                dict.fromkeys(
                    command for outcome in outcomes for command in exception_commands(outcome)
                )
            )
        )
    scope_option = (
        f"--policy={decision.policy.name}"
        if decision.policy
        else f"--zone={decision.zone_match.zone.name}"
    )
    return Fix(opening_commands(firewalld, scope_option, ports))
