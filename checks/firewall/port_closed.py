"""A zone lets in what its ports, services, rich rules and target say, and the policies for what
comes in by it, and nothing else (firewalld.zone(5), firewalld.policies(5)). Judged from the rules
alone: what is tried on the server itself goes over loopback, where firewalld lets everything
pass."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, claim, closed
from checks.firewall._firewalld import rules_of
from checks.firewall._firewalld_fixes import opening
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.firewall import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def port_closed(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    for found in closed(rules, "port-closed"):
        zone, port = found.zone, found.ports[0]
        listed = {"http": 80, "https": 443}
        yield claim(
            found,
            rules,
            opening(rules, found),
            udp=not zone.admits(port) and zone.admits(port, "udp"),
            redefined=next((name for name in zone.services if listed.get(name) == port), ""),
        )
