"""An interface is in one zone only, and that zone alone decides about what comes in by it
(firewalld.zones(5))."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, claim, closed
from checks.firewall._firewalld import rules_of
from checks.firewall._firewalld_fixes import opening
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.firewall import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def wrong_zone(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    for found in closed(rules, "wrong-zone"):
        other = found.instead.name if found.instead else ""
        yield claim(found, rules, opening(rules, found), other=other)
