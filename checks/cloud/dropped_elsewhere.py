"""The security group and the network ACL admit the port, and no packet arrives at the server.

So something else in front of it drops them: a cloud firewall, a balancer, a black hole after an
attack, an address without bandwidth or bound to another interface.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import judged_rules, rules_claim, severity_of
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.cloud import CloudRules
from diagnose.model.kernel import Capture


@check(
    severity=Severity.ERROR,
    needs=[CloudRules, Capture],
    explains=["tcp.timeout", "tcp.never-arrives", "http.port-closed"],
)
def dropped_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    for judged in judged_rules(evidence):
        is_absent = judged.watch is not None and not judged.watch.ours
        if judged.verdict.status == "allow" and is_absent and judged.ports:
            steps = (
                Manual("other-products", Where.CLOUD_CONSOLE),
                Manual("address-binding", Where.CLOUD_CONSOLE),
            )
            fix = Fix(steps, Applicability.MANUAL)
            yield rules_claim(judged, fix, Confidence.LIKELY, severity_of(evidence))
