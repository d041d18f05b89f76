"""The run could not tell whether its visitor (`--from`) gets in, because the rules were not
observed or depend on what only the kernel knows. The report then does not call the site healthy for
that visitor."""

import ipaddress
from collections.abc import Iterator

from checks.firewall._firewalld import firewalld_view
from checks.firewall._netfilter import decide, netfilter_view
from checks.nginx import Nginx
from checks.nginx._access import visitor_access
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Host, Severity, Subject, Vantage
from diagnose.model.netfilter import Ruleset
from diagnose.model.visitor import Visitor, visitor_address


@check(severity=Severity.NOTE, needs=[Visitor], unanswered=True)
def visitor_unjudged(evidence: Evidence) -> Iterator[Claim]:
    if all(visitor.vantage is Vantage.ELSEWHERE for visitor in evidence.of(Visitor)):
        return  # Another place (`--vantage`) is a visitor too, and nobody asked for this one.
    visitor = visitor_address(evidence)
    hosts = [host for host in evidence.of(Host) if host.vantage is Vantage.SERVER]
    family = f"IPv{ipaddress.ip_address(visitor).version}"
    outside = not hosts
    packets = (
        [] if outside else list(netfilter_view(evidence).packets(evidence.target.port, visitor))
    )
    rules = netfilter_view(evidence).ruleset.rules if packets else None
    doubts = tuple(
        dict.fromkeys(
            text
            for _, packet in (packets if rules else ())
            for decision in [decide(rules, packet)]
            if decision.verdict == "unknown"
            for text in (*decision.unknown, "?")[:3]
        )
    )
    unseen = not outside and not (evidence.good(Ruleset) or _has_firewalld_zones(evidence))
    access = () if outside else _access_doubts(evidence, visitor)
    if outside or unseen or doubts or access or not packets:
        yield Claim(
            about=Subject(text=f"the visitor {visitor}"),
            because=tuple(evidence.of(Visitor)),
            confidence=Confidence.CERTAIN,
            facts={
                "visitor": visitor,
                "outside": outside,
                "unseen": unseen,
                "doubts": doubts,
                "access": access,
                "family": family,
                "no_address": not outside and not packets,
            },
        )


def _has_firewalld_zones(evidence: Evidence) -> bool:
    """Return whether firewalld decides and its zones were observed: they are as good as the
    rules."""
    daemon = firewalld_view(evidence).daemon
    return daemon is not None and bool(firewalld_view(evidence).runtime.zones)


def _access_doubts(evidence: Evidence, visitor: str) -> tuple[str, ...]:
    nginx = Nginx.of(evidence)
    doubts = (
        text
        for path_access in visitor_access(nginx, visitor)
        if path_access.answer.verdict == "unknown"
        for text in path_access.answer.unknown
    )
    return tuple(dict.fromkeys(doubts))[:4]
