"""The resolver reports that the name does not exist (RFC 1035, rcode 3; RFC 8020: nor anything
below it). An alias to such a name is `dns.dangling-cname`."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.dns import (
    DnsAnswer,
    final_answers,
    is_local_name,
    own_addresses,
    serves_visitors,
)

# Labels under which country registries register names (example.co.uk, example.com.cn).
_SECOND_LEVEL = {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"}

# RFC 8914: the resolver reports that it blocks the name itself.
_BLOCKED = ("4 ", "15 ", "16 ", "17 ", "18 ")


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def nxdomain(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence).values()
    nxdomain_answers = [
        answer for answer in answers if answer.rcode == "NXDOMAIN" and not answer.aliases
    ]
    if (
        not nxdomain_answers
        or any(answer.records for answer in answers)
        or serves_visitors(evidence)
    ):
        return
    name = nxdomain_answers[0].name
    parent_answers = [answer for answer in evidence.good(DnsAnswer) if answer.purpose == "parent"]
    other_answers = [
        answer for answer in evidence.good(DnsAnswer) if answer.purpose == "other-resolver"
    ]
    closest_domain = _closest_domain(name, nxdomain_answers, parent_answers)
    missing_domain = _missing_domain(name, parent_answers)
    is_unregistered = bool(closest_domain) and _is_registry(closest_domain)
    is_private_name = is_local_name(name)
    is_unregistered = is_unregistered and not is_private_name
    is_multicast = name.endswith(".local")
    step = "restore-domain" if is_unregistered else "create-record"
    step, step_location = (
        ("private-name", Where.CLIENT) if is_private_name else (step, Where.DNS_PROVIDER)
    )
    yield Claim(
        about=Subject(name=name),
        because=(*nxdomain_answers, *parent_answers),
        confidence=(
            Confidence.LIKELY
            if any(answer.records for answer in other_answers)
            else Confidence.CERTAIN
        ),
        facts={
            "name": name,
            "server": nxdomain_answers[0].server,
            "closest": closest_domain,
            "missing": missing_domain if missing_domain != name else "",
            "domain": missing_domain,
            "unregistered": is_unregistered,
            "private": is_private_name,
            "multicast": is_multicast,
            "label": "." not in name,
            "blocked": [
                text
                for answer in nxdomain_answers
                for text in answer.extended
                if text[:3] in _BLOCKED
            ][:1],
            "addresses": own_addresses(evidence),
        },
        fix=Fix((Manual(step, step_location),), Applicability.MANUAL),
    )


def _closest_domain(
    name: str, nxdomain_answers: list[DnsAnswer], parent_answers: list[DnsAnswer]
) -> str:
    """Return the closest domain that exists, from the SOA record of the denial or from further
    queries."""
    existing_names = [answer.name for answer in parent_answers if answer.rcode == "NOERROR"]
    zones = [
        answer.zone
        for answer in nxdomain_answers
        if answer.zone and name.endswith(f".{answer.zone}")
    ]
    return max(zones + existing_names, key=len, default="")


def _missing_domain(name: str, parent_answers: list[DnsAnswer]) -> str:
    """Return the highest name that does not exist: the name itself or a domain above it."""
    return min(
        (name, *(answer.name for answer in parent_answers if answer.rcode == "NXDOMAIN")), key=len
    )


def _is_registry(zone: str) -> bool:
    """Return whether names directly under a zone are registered with a registry."""
    label, _, parent = zone.partition(".")
    return not parent or (label in _SECOND_LEVEL and len(parent) == 2)
