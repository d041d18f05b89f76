"""What comes in by a zone to the server itself passes the policies from that zone (or ANY) to HOST
too: those of negative priority before the zone, and what one of them refuses the zone does not
see (firewalld.policies(5))."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, Closed, claim, closed
from checks.firewalld import Rules, rules_of
from checks.firewalld_fixes import opening_place, removing
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Policy


@check(severity=Severity.ERROR, needs=[Firewalld, Policy], explains=EXPLAINS)
def policy(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    for found in closed(rules, "policy"):
        passed = found.now.policy
        assert passed is not None
        yield claim(
            found,
            rules,
            _fix(rules, found, passed),
            policy=passed.name,
            priority=passed.priority,
            before=passed.priority < 0,
            policy_target=passed.target,
            ingress=passed.ingress,
            rule=found.now.rule,
            client=found.client,
        )


def _fix(rules: Rules, found: Closed, passed: Policy) -> Fix:
    """Take its rule away, or let the ports through it: its target then refuses the rest, as it
    did."""
    sure = Applicability.REVIEW if found.client else Applicability.AUTOMATIC
    if found.now.rule:
        return Fix(removing(rules, found.fates[0]), sure)
    return Fix(opening_place(rules, f"--policy={passed.name}", found.ports), sure)
