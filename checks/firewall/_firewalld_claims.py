"""Claims of the firewalld checks: which ports are closed to whom, and what opens them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from checks.firewall import _restricted_ports
from checks.firewall._firewalld import FirewalldView, VisitorOutcome
from checks.firewall._firewalld_fixes import allow_commands
from checks.firewall._inner_question import inner_question
from checks.firewall._kernel_drops import drop_text, netfilter_drops
from checks.firewall._listening import NOTHING_LISTENS, nothing_listens
from checks.firewall._other_ways import has_other_way
from checks.firewall._refusals import Refusal
from checks.firewall._visitors import client_attempts, endpoint_texts, failed_client
from checks.listener._inner_ports import inner_port
from diagnose.model import Applicability, Claim, Confidence, Fix, Observation, Severity, Subject
from diagnose.model.firewall import Zone


def claim(
    refusal: Refusal, firewalld: FirewalldView, fix: Fix | None, **extra_facts: object
) -> Claim:
    """Make the claim that these ports are closed to these visitors.

    If a client got through anyway, the claim is only a note of low confidence. If rules name
    sources, the fix becomes a question (`_restricted_ports.question`).
    """
    is_doubtful = bool(refusal.contradictions)
    drops = netfilter_drops(firewalld.evidence, refusal.ports)
    source_rules = _restricted_ports.restrictions(firewalld.evidence, refusal.ports)
    inner = inner_port(firewalld.evidence, refusal.ports)
    if _restricted_ports.is_automatic(fix) and nothing_listens(firewalld.evidence, refusal.ports):
        fix = NOTHING_LISTENS
    elif fix and (source_rules or inner) and _restricted_ports.is_automatic(fix):
        visitor = refused_client(firewalld, refusal.outcomes)
        narrow_steps = allow_commands(refusal.outcomes, visitor or _restricted_ports.PLACEHOLDER)
        fix = inner_question(inner, _restricted_ports.question(narrow_steps, fix, visitor))
    elif fix and _restricted_ports.is_automatic(fix) and has_other_way(firewalld.evidence):
        # Nobody knows whether visitors are to come past the CDN or the tunnel.
        fix = replace(fix, applicability=Applicability.REVIEW)
    zones = [refusal.runtime.policy or refusal.zone, refusal.zone, refusal.alternative_zone]
    zones += [refusal.after_reload.zone_match.zone] if refusal.after_reload else []
    because = [
        observation
        for observation in (
            *zones,
            *refusal.contradictions,
            *_failed_connections(refusal, firewalld),
            *drops,
        )
        if observation
    ]
    return Claim(
        about=subject_of(refusal.zone, refusal.outcomes),
        covers=subjects_of(refusal.outcomes),
        because=tuple(dict.fromkeys(because)),
        facts={
            **facts(refusal.outcomes),
            "kernel": drop_text(drops),
            "iptables": firewalld.daemon is not None and firewalld.daemon.backend == "iptables",
            "contradiction": endpoint_texts(refusal.contradictions),
            "restricted": _restricted_ports.quoted_rules(source_rules),
            **(inner.facts if inner else {}),
            **extra_facts,
        },
        confidence=Confidence.POSSIBLE if is_doubtful else Confidence.CERTAIN,
        severity=Severity.NOTE
        if is_doubtful
        else Severity.WARNING
        if inner
        else _severity(refusal, firewalld),
        fix=fix,
    )


def refused_client(firewalld: FirewalldView, outcomes: Iterable[VisitorOutcome]) -> str:
    """Return the client that is refused, or whose attempts over the closed IP family failed; "" if
    none."""
    refused_outcomes = tuple(outcomes)
    for outcome in refused_outcomes:
        if outcome.packet.source:
            return outcome.packet.source
    ports = {outcome.port for outcome in refused_outcomes}
    families = {outcome.family for outcome in refused_outcomes}
    return failed_client(firewalld.evidence, ports, families)


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
    """Return the facts that all texts about a zone use: those of the first outcome, and all
    ports."""
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
