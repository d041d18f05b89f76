"""A container engine redirects its published ports (DNAT in the chain PREROUTING) before the input
rules apply. So ports that firewalld's zones or ufw close stay open there.

The site works. It is a note for administrators who believe that the port is closed.
"""

from collections.abc import Iterator

from checks.firewall._nat import DnatTarget, dnat_rule, dnat_targets
from checks.firewall._netfilter import NetfilterView, netfilter_view
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject, endpoints
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import decide, owners
from diagnose.parsers.netfilter.ruleset import RulePosition


@check(severity=Severity.NOTE, needs=[Ruleset])
def bypassed(evidence: Evidence) -> Iterator[Claim]:
    view, port = netfilter_view(evidence), evidence.target.port
    bypasses = [
        (dnat_target, place)
        for dnat_target in dnat_targets(evidence, port)
        if dnat_target.decision.verdict == "accept" and dnat_target.decision.forwarded
        if (place := dnat_rule(view, dnat_target)) and _would_be_refused(view, dnat_target, place)
    ]
    if bypasses:
        dnat_target, place = bypasses[0]
        owner = owners.owner(place)
        yield Claim(
            about=Subject(port=port),
            covers=endpoints((dnat_target.address for dnat_target, _ in bypasses), port),
            because=view.because,
            facts={
                "port": f"{port}/tcp",
                "to": dnat_target.decision.to,
                "published": f"127.0.0.1:{port}:{dnat_target.destination[1] or port}",
                "rule": place.text,
                "owner": "" if owner == "hand" else owner,
                "docker": owner == "docker",
            },
        )


def _would_be_refused(view: NetfilterView, dnat_target: DnatTarget, place: RulePosition) -> bool:
    """Return whether the input rules would block the packet if it were not redirected."""
    decision = decide(view.ruleset.without_rule(place), dnat_target.packet)
    return decision.verdict in {"reject", "drop"} and not decision.forwarded
