"""An interface is in one zone only, and that zone alone decides about what comes in by it
(firewalld.zones(5))."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, Rules, claim, closed, opening
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.server import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def wrong_zone(evidence: Evidence) -> Iterator[Claim]:
    rules = Rules(evidence)
    for found in closed(evidence, "wrong-zone"):
        fix = opening(rules, found.entry, found.ports)
        other = found.instead.name if found.instead else ""
        yield claim(found, rules, fix, other=other)
