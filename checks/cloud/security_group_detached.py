"""A security group that admits the port is there, and it is not attached to this instance.

It is the end of many guides: the group is made, and the instance is never put into it.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import (
    SYMPTOMS,
    JudgedRules,
    attaching_fix,
    denials,
    is_by_rule,
    rules_claim,
    severity_of,
)
from diagnose.checking.registry import check
from diagnose.cloud.evaluation import evaluate
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.cloud import CloudRules, RuleLayer, RuleSet, SecurityGroup


@check(
    severity=Severity.ERROR,
    needs=[CloudRules],
    explains=["cloud.security-group-closed", *SYMPTOMS],
)
def security_group_detached(evidence: Evidence) -> Iterator[Claim]:
    for judged, layer in denials(evidence, "group"):
        admitting = () if is_by_rule(layer) else _admitting_groups(judged)
        if layer.status == "deny" and admitting:
            group = admitting[0]
            yield rules_claim(
                judged,
                attaching_fix(judged, group.id),
                severity=severity_of(evidence),
                group=group.id,
                group_name=group.name,
                others=tuple(group.id for group in admitting[1:4]),
            )


def _admitting_groups(judged: JudgedRules) -> tuple[SecurityGroup, ...]:
    return tuple(
        group
        for group in judged.observed.others
        if not group.managed_by
        and evaluate(RuleSet((RuleLayer("group", rules=group.rules),)), judged.flow).status
        == "allow"
    )
