"""A firewalld policy refuses the port.

Traffic from a zone to the server itself also passes the policies from that zone (or ANY) to HOST.
Policies of negative priority come before the zone, and the zone does not see what they refuse
(firewalld.policies(5)).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS
from checks.firewall._firewalld import FirewalldView, firewalld_view
from checks.firewall._firewalld_claims import claim
from checks.firewall._firewalld_fixes import opening_commands
from checks.firewall._refusals import Refusal, refusals
from checks.firewall.rich_rule import rich_rule_fix
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Policy


@check(severity=Severity.ERROR, needs=[Firewalld, Policy], explains=EXPLAINS)
def policy(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    for refusal in refusals(firewalld, "policy"):
        refusing_policy = refusal.runtime.policy
        assert refusing_policy is not None
        fix, excepted = _fix(firewalld, refusal, refusing_policy)
        yield claim(
            refusal,
            firewalld,
            fix,
            excepted=excepted,
            policy=refusing_policy.name,
            priority=refusing_policy.priority,
            before=refusing_policy.priority < 0,
            policy_target=refusing_policy.target,
            ingress=refusing_policy.ingress,
            rule=refusal.runtime.rule,
            client=refusal.client_addresses,
        )


def _fix(firewalld: FirewalldView, refusal: Refusal, refusing_policy: Policy) -> tuple[Fix, bool]:
    """Return the fix, and whether the refusing rule stays.

    The fix removes the policy's rule, or opens the ports in the policy, whose target still refuses
    everything else.

    A person reviews a change to a policy that applies to several zones.
    """
    needs_review = refusal.client_addresses or _opens_elsewhere(firewalld, refusal, refusing_policy)
    applicability = Applicability.REVIEW if needs_review else Applicability.AUTOMATIC
    if refusal.runtime.rule:
        fix, excepted = rich_rule_fix(firewalld, refusal)
        return (replace(fix, applicability=Applicability.REVIEW) if needs_review else fix), excepted
    return Fix(
        opening_commands(firewalld, f"--policy={refusing_policy.name}", refusal.ports),
        applicability,
    ), False


def _opens_elsewhere(firewalld: FirewalldView, refusal: Refusal, refusing_policy: Policy) -> bool:
    """Return whether the change would also open the port for another zone that does not open it."""
    return any(
        zone.active and (zone.interfaces or zone.sources) and not zone.admits(port)
        for zone in firewalld.runtime.zones.values()
        for port in refusal.ports
        if zone.name != refusal.zone.name and {zone.name, "ANY"} & set(refusing_policy.ingress)
    )
