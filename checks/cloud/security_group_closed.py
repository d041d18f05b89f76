"""No rule of the instance's security groups admits the port, so the provider drops the packets.

Alibaba Cloud drops without an answer (AuthorizeSecurityGroup): the visitor sees a time-out. The
group that the console makes opens 22, 3389 and ICMP only.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import (
    SYMPTOMS,
    closed_port,
    denials,
    is_by_rule,
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
def security_group_closed(evidence: Evidence) -> Iterator[Claim]:
    for judged, layer in denials(evidence, "group"):
        if is_by_rule(layer):
            continue
        managed = tuple(
            group.managed_by for group in judged.observed.rules.groups if group.managed_by
        )
        yield rules_claim(
            judged,
            opening_fix(judged, closed_port(evidence)),
            severity=severity_of(evidence),
            inner=closed_port(evidence),
            near=rule_texts(near_misses(layer, judged.flow)),
            owner=managed[0] if managed else "",
        )
