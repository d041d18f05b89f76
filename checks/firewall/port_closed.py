"""The zone does not open the port. A zone lets in what its ports, services, rich rules, target and
policies allow, and nothing else (firewalld.zone(5), firewalld.policies(5)).

The check uses the rules only: connections from the server itself go over loopback, which firewalld
always accepts.
"""

from collections.abc import Iterator

from checks.firewall import EXPLAINS
from checks.firewall._firewalld import firewalld_view
from checks.firewall._firewalld_claims import claim
from checks.firewall._firewalld_fixes import opening_fix
from checks.firewall._refusals import refusals
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.firewall import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def port_closed(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    for refusal in refusals(firewalld, "port-closed"):
        zone, port = refusal.zone, refusal.ports[0]
        service_ports = {"http": 80, "https": 443}
        yield claim(
            refusal,
            firewalld,
            opening_fix(firewalld, refusal),
            udp=not zone.admits(port) and zone.admits(port, "udp"),
            redefined=next((name for name in zone.services if service_ports.get(name) == port), ""),
        )
