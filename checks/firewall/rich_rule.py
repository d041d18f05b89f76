"""A rich rule rejects or drops the port. Such a rule comes before everything that its zone opens; a
rule of negative priority comes before everything else (firewalld.richlanguage(5))."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS, _restricted_ports, shortened
from checks.firewall._firewalld import FirewalldView, firewalld_view
from checks.firewall._firewalld_claims import claim, facts, subject_of, subjects_of
from checks.firewall._firewalld_fixes import (
    LOWEST,
    allow_commands,
    exception_commands,
    has_priorities,
    is_about_only,
    removal_commands,
)
from checks.firewall._refusals import Refusal, refusals
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Zone
from diagnose.parsers.firewalld.rich_rules import RichRule
from diagnose.parsers.firewalld.rich_rules import rich_rule as parse_rich_rule

#: How many sources are shown.
_SHOWN = 5


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def rich_rule(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    reported_rules = set()
    for refusal in refusals(firewalld, "rich-rule"):
        rule = parse_rich_rule(refusal.runtime.rule)
        reported_rules.add(rule.text)
        fix, excepted = rich_rule_fix(firewalld, refusal)
        yield claim(
            refusal,
            firewalld,
            fix,
            excepted=excepted,
            rule=rule.text,
            client=refusal.client_addresses,
            limited=rule.limited,
            early=rule.priority < 0,
            sources=(),
            refused=_looks_closed(rule),
            unlisted=not firewalld.decision_without_rule(refusal.outcomes[0]).admits,
        )
    yield from _partial_refusals(firewalld, reported_rules)


def rich_rule_fix(firewalld: FirewalldView, refusal: Refusal) -> tuple[Fix, bool]:
    """Return the fix, and whether the rule stays.

    The rule is removed if it concerns nothing else. Otherwise the ports are let in before it and it
    stays. A single client is let in before a rule that concerns more than that client.
    """
    outcome, rule = refusal.outcomes[0], parse_rich_rule(refusal.runtime.rule)
    removal_fix = Fix(removal_commands(firewalld, outcome))
    if refusal.client_addresses:
        is_client_rule = len(refusal.client_addresses) == 1 and rule.source is not None
        is_client_rule = (
            is_client_rule
            and rule.source is not None
            and rule.source.name == refusal.client_addresses[0]
        )
        if is_client_rule:
            return replace(removal_fix, applicability=Applicability.REVIEW), False
        narrow_steps = allow_commands(refusal.outcomes, refusal.client_addresses[0])
        return _restricted_ports.question(
            narrow_steps, removal_fix, refusal.client_addresses[0]
        ), False
    if is_about_only(rule.text, refusal.ports, firewalld):
        return removal_fix, False
    if not has_priorities(firewalld) or rule.priority <= LOWEST:
        return replace(removal_fix, applicability=Applicability.REVIEW), False
    steps = (step for outcome in refusal.outcomes for step in exception_commands(outcome))
    return Fix(tuple(dict.fromkeys(steps))), True


def _looks_closed(rule: RichRule) -> bool:
    """Return whether the rule replies like a closed port, which is the default reply."""
    reject_match = re.search(r'\breject type="([^"]*)"', rule.text)
    return rule.action == "reject" and (
        not reject_match or "port" in reject_match[1] or "tcp" in reject_match[1]
    )


def _partial_refusals(firewalld: FirewalldView, reported_rules: set[str]) -> Iterator[Claim]:
    """Make claims about rules that refuse some sources only."""
    outcomes = [
        outcome
        for outcome in firewalld.outcomes(firewalld.evidence.target.port)
        if outcome.runtime.admits
    ]
    rules_by_text = {
        rule.text: rule
        for outcome in outcomes
        for action in ("reject", "drop")
        for rule in firewalld.source_rich_rules(outcome, action)
        if rule.text not in reported_rules and not outcome.runtime.policy
    }
    if rules_by_text:
        zone, refusing_rules = outcomes[0].runtime.zone_match.zone, tuple(rules_by_text.values())
        sources = tuple(rule.source.name for rule in refusing_rules if rule.source)
        yield Claim(
            about=subject_of(zone, tuple(outcomes)),
            covers=subjects_of(outcomes),
            because=(zone,),
            severity=Severity.NOTE,
            facts={
                **facts(tuple(outcomes)),
                "drops": all(rule.action == "drop" for rule in refusing_rules),
                "rule": refusing_rules[0].text,
                "client": (),
                "limited": refusing_rules[0].limited,
                "early": False,
                "refused": False,
                "unlisted": False,
                "excepted": False,
                "sources": shortened(sources, _SHOWN),
                "contradiction": (),
            },
        )
