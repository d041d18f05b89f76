"""A rule of a security group drops the packets before any rule that admits them is asked.

At Alibaba Cloud the smaller priority comes first, and of equal ones the rule that drops.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import (
    SYMPTOMS,
    closed_port,
    denials,
    denying_rules,
    is_by_rule,
    opening_fix,
    rule_texts,
    rules_claim,
    severity_of,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.cloud import CloudRules, Rule


@check(severity=Severity.ERROR, needs=[CloudRules], explains=SYMPTOMS)
def security_group_denies(evidence: Evidence) -> Iterator[Claim]:
    for judged, layer in denials(evidence, "group"):
        if not is_by_rule(layer):
            continue
        rules = denying_rules(layer)
        yield rules_claim(
            judged,
            opening_fix(judged, closed_port(evidence)),
            severity=severity_of(evidence),
            inner=closed_port(evidence),
            rules=rule_texts(rules),
            rule_groups=tuple(dict.fromkeys(rule.group for rule in rules if rule.group)),
            outranked=rule_texts(_outranked(layer.layer.rules, judged.flow.port)),
        )


def _outranked(rules: tuple[Rule, ...], port: int) -> tuple[Rule, ...]:
    """Return the rules that would admit the port and come too late."""
    return tuple(
        rule
        for rule in rules
        if rule.allow
        and rule.peers
        and rule.protocol in {"all", "tcp"}
        and any(ports.first <= port <= ports.last for ports in rule.ports)
    )
