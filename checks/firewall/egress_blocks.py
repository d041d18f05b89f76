"""A visitor's SYN comes in, and the answer to it is dropped on its way out: the output hook has
rules of its own, and what answers is not let out by what let the question in."""

from collections.abc import Iterator

from checks.firewall._netfilter import EXPLAINS, blocked, seen_of
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.netfilter import Ruleset


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def egress_blocks(evidence: Evidence) -> Iterator[Claim]:
    seen = seen_of(evidence)
    for found in blocked(seen, "egress-blocks"):
        yield claim(seen, found, opening(seen, found, replies=True), replies=True)
