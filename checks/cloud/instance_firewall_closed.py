"""The firewall of a lightweight server (Simple Application Server, Lighthouse) does not admit the
port. Such a server has no security group."""

from collections.abc import Iterator

from checks.cloud._judged_rules import (
    SYMPTOMS,
    closed_port,
    denials,
    denying_rules,
    near_misses,
    opening_fix,
    rule_texts,
    rules_claim,
    severity_of,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.cloud import CloudRules


@check(severity=Severity.ERROR, needs=[CloudRules], explains=SYMPTOMS)
def instance_firewall_closed(evidence: Evidence) -> Iterator[Claim]:
    for judged, layer in denials(evidence, "firewall"):
        yield rules_claim(
            judged,
            opening_fix(judged, closed_port(evidence)),
            severity=severity_of(evidence),
            inner=closed_port(evidence),
            rules=rule_texts(denying_rules(layer)),
            near=rule_texts(near_misses(layer, judged.flow)),
        )
