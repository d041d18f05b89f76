"""A zone lets in what its ports, services, rich rules and target say, and nothing else
(firewalld.zone(5)). Judged from the rules alone: what is tried on the server itself goes over
loopback, where firewalld lets everything pass."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS, Rules, claim, closed, opening
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.server import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def port_closed(evidence: Evidence) -> Iterator[Claim]:
    rules = Rules(evidence)
    for found in closed(evidence, "port-closed"):
        zone, port = found.entry.zone, found.ports[0]
        listed = {"http": 80, "https": 443}
        yield claim(
            found,
            rules,
            opening(rules, found.entry, found.ports),
            udp=not zone.admits(port) and zone.admits(port, "udp"),
            redefined=next((name for name in zone.services if listed.get(name) == port), ""),
        )
