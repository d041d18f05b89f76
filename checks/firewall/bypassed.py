"""A container engine leads published ports away before the rules for what comes in are asked
(DNAT in the chain PREROUTING): what firewalld's zones or ufw close stays open there. No fault of
the site, and worth knowing to whoever believes the port closed."""

from collections.abc import Iterator

from checks.firewall._nat import Led, by, led
from checks.firewall._netfilter import Seen, seen_of
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject, endpoints
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import decide, owners
from diagnose.parsers.netfilter.ruleset import Place


@check(severity=Severity.NOTE, needs=[Ruleset])
def bypassed(evidence: Evidence) -> Iterator[Claim]:
    seen, port = seen_of(evidence), evidence.target.port
    found = [
        (one, place)
        for one in led(evidence, port)
        if one.decision.verdict == "accept" and one.decision.forwarded
        if (place := by(seen, one)) and _would_be_refused(seen, one, place)
    ]
    if found:
        one, place = found[0]
        owner = owners.owner(place)
        yield Claim(
            about=Subject(port=port),
            covers=endpoints((one.address for one, _ in found), port),
            because=seen.because,
            facts={
                "port": f"{port}/tcp",
                "to": one.decision.to,
                "rule": place.text,
                "owner": "" if owner == "hand" else owner,
                "docker": owner == "docker",
            },
        )


def _would_be_refused(seen: Seen, one: Led, place: Place) -> bool:
    """Whether the rules for what comes in would stop it, were it not led away."""
    left = decide(seen.filter.without(place), one.packet)
    return left.verdict in {"reject", "drop"} and not left.forwarded
