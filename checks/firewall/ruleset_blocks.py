"""A rule of netfilter drops or rejects the port, whoever made it: a table of nftables beside
firewalld's, iptables' rules, those of an image. All chains at a hook have to accept: an accept in
one does not help against a drop in another (nft(8), "Chains")."""

from collections.abc import Iterator

from checks.firewall._netfilter import EXPLAINS, blocked, seen_of
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.firewall import Firewalld
from diagnose.model.netfilter import Ruleset


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def ruleset_blocks(evidence: Evidence) -> Iterator[Claim]:
    seen = seen_of(evidence)
    beside = any(one.running for one in evidence.good(Firewalld))
    for found in blocked(seen, "ruleset-blocks"):
        yield claim(seen, found, opening(seen, found), beside=beside)
