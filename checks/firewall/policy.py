"""What comes in by a zone to the server itself passes the policies from that zone (or ANY) to HOST
too: those of negative priority before the zone, and what one of them refuses the zone does not
see (firewalld.policies(5))."""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS, Closed, claim, closed
from checks.firewall._firewalld import Rules, rules_of
from checks.firewall._firewalld_fixes import opening_place
from checks.firewall.rich_rule import lifting
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Policy


@check(severity=Severity.ERROR, needs=[Firewalld, Policy], explains=EXPLAINS)
def policy(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    for found in closed(rules, "policy"):
        passed = found.now.policy
        assert passed is not None
        fix, excepted = _fix(rules, found, passed)
        yield claim(
            found,
            rules,
            fix,
            excepted=excepted,
            policy=passed.name,
            priority=passed.priority,
            before=passed.priority < 0,
            policy_target=passed.target,
            ingress=passed.ingress,
            rule=found.now.rule,
            client=found.client,
        )


def _fix(rules: Rules, found: Closed, passed: Policy) -> tuple[Fix, bool]:
    """Take its rule away, or let the ports through it: its target then refuses the rest, as it
    did. What a policy lets in for several zones, a person reads first."""
    more = found.client or _opens_elsewhere(rules, found, passed)
    sure = Applicability.REVIEW if more else Applicability.AUTOMATIC
    if found.now.rule:
        fix, excepted = lifting(rules, found)
        return (replace(fix, applicability=Applicability.REVIEW) if more else fix), excepted
    return Fix(opening_place(rules, f"--policy={passed.name}", found.ports), sure), False


def _opens_elsewhere(rules: Rules, found: Closed, passed: Policy) -> bool:
    """Whether the port would be open by another zone as well, which does not list it."""
    return any(
        zone.active and (zone.interfaces or zone.sources) and not zone.admits(port)
        for zone in rules.now.zones.values()
        for port in found.ports
        if zone.name != found.zone.name and {zone.name, "ANY"} & set(passed.ingress)
    )
