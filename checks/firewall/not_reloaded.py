"""`firewall-cmd --permanent` changes files only: "success" is printed, and nothing happens until
`--reload` (firewall-cmd(1))."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, Rules, claim, closed, opening_now
from diagnose.catalogue import check
from diagnose.model import Claim, Command, Evidence, Fix, Severity
from diagnose.model.server import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def not_reloaded(evidence: Evidence) -> Iterator[Claim]:
    rules = Rules(evidence)
    for found in closed(evidence, "not-reloaded"):
        # A reload takes away what has been opened for now only.
        loses = rules.only_now()
        now = opening_now(rules, found.entry, found.ports)
        again = Fix((Command(("firewall-cmd", "--reload")),))
        later = found.entry.later.name if found.entry.later else ""
        yield claim(found, rules, now if loses else again, loses=loses, later=later)
