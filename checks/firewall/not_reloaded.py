"""`firewall-cmd --permanent` changes files only: "success" is printed, and nothing happens until
`--reload` (firewall-cmd(1))."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, Closed, claim, closed
from checks.firewall._firewalld import Rules, rules_of
from checks.firewall._firewalld_fixes import opening_place
from diagnose.checking.registry import check
from diagnose.model import Claim, Command, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def not_reloaded(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    for found in closed(rules, "not-reloaded"):
        # A reload takes away what has been opened for now only, and opens all that is written.
        loses = rules.reload_changes(found.ports)
        now = _at_once(rules, found)
        again = Command(("firewall-cmd", "--reload"), undo=now[0].undo)
        steps = now if loses else (again,)
        later = found.later.entered.zone.name if found.later else ""
        policy = found.now.policy
        yield claim(
            found,
            rules,
            Fix(steps),
            loses=loses,
            later=later,
            policy=policy.name if policy else "",
        )


def _at_once(rules: Rules, found: Closed) -> tuple[Command, ...]:
    """Into the running firewall only."""
    policy = found.now.policy
    place = f"--policy={policy.name}" if policy else f"--zone={found.zone.name}"
    return opening_place(rules, place, found.ports)[:1]
