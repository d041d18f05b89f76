"""The interface is in a zone that does not open the port, while another zone does. An interface is
in one zone only, and only that zone decides about its packets (firewalld.zones(5))."""

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
def wrong_zone(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    for refusal in refusals(firewalld, "wrong-zone"):
        zone_name = refusal.alternative_zone.name if refusal.alternative_zone else ""
        yield claim(refusal, firewalld, opening_fix(firewalld, refusal), other=zone_name)
