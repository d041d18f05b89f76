"""ufw drops what none of its rules allows (ufw(8), "ufw default"). The first rule that matches
decides."""

from collections.abc import Iterator

from checks.firewall._blockages import EXPLAINS, blockage_groups
from checks.firewall._netfilter import netfilter_view
from checks.firewall._netfilter_claims import claim
from checks.firewall._netfilter_fixes import opening_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import ufw


@check(severity=Severity.ERROR, needs=[Ruleset], explains=EXPLAINS)
def ufw_port_closed(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    for blockages in blockage_groups(view, "ufw-port-closed"):
        blockage = blockages[0]
        rules = (view.ufw.rules6 if blockage.family == 6 else view.ufw.rules) if view.ufw else ()
        rule = ufw.deciding_rule(rules, blockage.port)
        deny_rule = rule if rule and rule.action in {"deny", "reject"} else None
        rule_text = " ".join(deny_rule.arguments()) if deny_rule else ""
        ipv6_unmanaged = blockage.family == 6 and view.ufw is not None and not view.ufw.ipv6
        yield claim(
            view,
            blockages,
            opening_fix(view, blockages),
            ufw_rule=rule_text,
            no_ipv6=ipv6_unmanaged,
        )
