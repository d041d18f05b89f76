"""The rules deny the port, and packets of this machine arrive at the server all the same.

So they are not the rules in front of this server, or they were judged for another source. Which
of the two is not known, and nothing is concluded from the rules.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import judged_rules, rules_claim
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.cloud import CloudRules
from diagnose.model.kernel import Capture


@check(severity=Severity.NOTE, needs=[CloudRules, Capture])
def rules_contradicted(evidence: Evidence) -> Iterator[Claim]:
    for judged in judged_rules(evidence):
        if judged.verdict.status == "deny" and judged.is_contradicted and not judged.denies_replies:
            step = Manual("compare", Where.CLOUD_CONSOLE)
            yield rules_claim(judged, Fix((step,), Applicability.MANUAL), Confidence.CERTAIN)
