"""A netfilter rule drops or rejects the port: a table of nftables beside firewalld's, a rule of
iptables, a rule of the cloud image. Every chain at a hook must accept; an accept in one chain does
not override a drop in another (nft(8), "Chains")."""

from collections.abc import Iterator

from checks.firewall._blockages import EXPLAINS, blockage_groups
from checks.firewall._netfilter import netfilter_view
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.firewall import Firewalld
from diagnose.model.netfilter import Ruleset


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def ruleset_blocks(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    firewalld_running = any(daemon.running for daemon in evidence.good(Firewalld))
    for blockages in blockage_groups(view, "ruleset-blocks"):
        yield claim(view, blockages, opening_fix(view, blockages), beside=firewalld_running)
