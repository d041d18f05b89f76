"""A visitor's SYN arrives, and the reply is dropped on its way out. The output hook has rules of
its own; that the input rules accept the SYN does not let the reply out."""

from collections.abc import Iterator

from checks.firewall._blockages import EXPLAINS, blockage_groups
from checks.firewall._netfilter import netfilter_view
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.netfilter import Ruleset


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def egress_blocks(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    for blockages in blockage_groups(view, "egress-blocks"):
        yield claim(view, blockages, opening_fix(view, blockages, replies=True), replies=True)
