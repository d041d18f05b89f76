"""The resolver reports that the name does not exist (RFC 1035, rcode 3; RFC 8020: nor anything
below it). An alias to such a name is `dns.dangling-cname`; a resolver that knows no public name is
`dns.resolver-isolated`."""

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
    is_isolated,
    is_local_name,
    serves_visitors,
    serving_addresses,
    sibling_facts,
)

# Labels under which country registries register names (example.co.uk, example.com.cn).
_SECOND_LEVEL = {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"}

# RFC 8914: the resolver reports that it blocks the name itself.
_BLOCKED = ("4 ", "15 ", "16 ", "17 ", "18 ")


@check(severity=Severity.ERROR, needs=[DnsAnswer], needs_fault=[DnsAnswer])
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
    is_private_name = is_local_name(name)
    if is_isolated(evidence) and not is_private_name:
        return
    parent_answers = [answer for answer in evidence.good(DnsAnswer) if answer.purpose == "parent"]
    other_answers = [
        answer for answer in evidence.good(DnsAnswer) if answer.purpose == "other-resolver"
    ]
    closest_domain = _closest_domain(name, nxdomain_answers, parent_answers)
    missing_domain = _missing_domain(name, parent_answers)
    # No domain is registered directly under the root: then the name itself is misspelled.
    has_no_tld = "." not in missing_domain
    is_unregistered = bool(closest_domain) and _is_registry(closest_domain)
    is_unregistered = is_unregistered and not is_private_name
    has_zone = any(answer.zone for answer in nxdomain_answers)
    if is_private_name:
        step = Manual("private-name", Where.CLIENT)
    elif has_no_tld:
        step = Manual("correct-name", Where.CLIENT)
    else:
        action = "restore-domain" if is_unregistered else "create-record"
        step = Manual(action, Where.DNS_PROVIDER)
    is_known_elsewhere = any(answer.records for answer in other_answers)
    # A server of the name's zone, or a resolver that asked one, sends its SOA record along (RFC
    # 2308 section 3). A filter in a resolver often denies a name without it.
    is_certain = not is_known_elsewhere and (has_zone or has_no_tld or is_private_name)
    yield Claim(
        about=Subject(name=name),
        because=(*nxdomain_answers, *parent_answers),
        confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
        facts={
            "name": name,
            "server": nxdomain_answers[0].server,
            "closest": closest_domain,
            "missing": missing_domain if missing_domain != name else "",
            "domain": missing_domain,
            "unregistered": is_unregistered,
            "private": is_private_name,
            "no_tld": has_no_tld and not is_private_name,
            "no_zone": not is_certain and not is_known_elsewhere,
            "multicast": name.endswith(".local"),
            "label": "." not in name,
            "blocked": _blocking_words(nxdomain_answers),
            "addresses": serving_addresses(evidence),
            **sibling_facts(evidence),
        },
        fix=Fix((step,), Applicability.MANUAL),
    )


def _blocking_words(answers: list[DnsAnswer]) -> list[str]:
    """Return the first words in which a resolver says that it blocks the name."""
    texts = (text for answer in answers for text in answer.extended)
    return [text for text in texts if text[:3] in _BLOCKED][:1]


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
