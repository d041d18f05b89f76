"""ufw drops what none of its rules allows (ufw(8), "ufw default"), and its first rule that fits
decides."""

from collections.abc import Iterator

from checks.firewall._netfilter import EXPLAINS, blocked, seen_of
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import ufw


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def ufw_port_closed(evidence: Evidence) -> Iterator[Claim]:
    seen = seen_of(evidence)
    for found in blocked(seen, "ufw-port-closed"):
        one = found[0]
        rules = (seen.ufw.rules6 if one.family == 6 else seen.ufw.rules) if seen.ufw else ()
        rule = ufw.deciding(rules, one.port)
        denied = rule if rule and rule.action in {"deny", "reject"} else None
        said = " ".join(denied.words()) if denied else ""
        bare = one.family == 6 and seen.ufw is not None and not seen.ufw.ipv6
        yield claim(seen, found, opening(seen, found), ufw_rule=said, no_ipv6=bare)
