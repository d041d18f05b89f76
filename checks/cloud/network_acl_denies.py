"""The network ACL of the subnet denies the port, or the replies to visitors.

An ACL keeps no state: it has to admit the replies to the ports of the clients as well.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import (
    SYMPTOMS,
    closed_port,
    denials,
    denying_rules,
    opening_fix,
    rule_texts,
    rules_claim,
    severity_of,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.cloud import CloudRules


@check(severity=Severity.ERROR, needs=[CloudRules], explains=SYMPTOMS)
def network_acl_denies(evidence: Evidence) -> Iterator[Claim]:
    for judged, layer in denials(evidence, "acl"):
        yield rules_claim(
            judged,
            opening_fix(judged, closed_port(evidence)),
            severity=severity_of(evidence),
            inner=closed_port(evidence),
            acl=judged.observed.rules.acl,
            rules=rule_texts(denying_rules(layer)),
            replies=layer.layer.direction == "out",
        )
