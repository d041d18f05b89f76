"""The resolver says that the name does not exist (RFC 1035, rcode 3; RFC 8020: nor anything
below it). An alias that leads to such a name is `dns.dangling-cname`."""

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

# Labels under which registries of countries register (example.co.uk, example.com.cn).
_SECOND_LEVEL = {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"}

# RFC 8914: the resolver says that it is its own doing.
_BLOCKED = ("4 ", "15 ", "16 ", "17 ", "18 ")


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def nxdomain(evidence: Evidence) -> Iterator[Claim]:
    final = final_answers(evidence).values()
    seen = [one for one in final if one.rcode == "NXDOMAIN" and not one.aliases]
    if not seen or any(one.records for one in final) or serves_visitors(evidence):
        return
    name = seen[0].name
    above = [one for one in evidence.good(DnsAnswer) if one.purpose == "parent"]
    others = [one for one in evidence.good(DnsAnswer) if one.purpose == "other-resolver"]
    closest = _closest(name, seen, above)
    missing = _missing(name, above)
    unregistered = bool(closest) and _is_registry(closest)
    private = is_local_name(name)
    unregistered = unregistered and not private
    multicast = name.endswith(".local")
    step = "restore-domain" if unregistered else "create-record"
    step, where = ("private-name", Where.CLIENT) if private else (step, Where.DNS_PROVIDER)
    yield Claim(
        about=Subject(name=name),
        because=(*seen, *above),
        confidence=(
            Confidence.LIKELY if any(one.records for one in others) else Confidence.CERTAIN
        ),
        facts={
            "name": name,
            "server": seen[0].server,
            "closest": closest,
            "missing": missing if missing != name else "",
            "domain": missing,
            "unregistered": unregistered,
            "private": private,
            "multicast": multicast,
            "label": "." not in name,
            "blocked": [text for one in seen for text in one.extended if text[:3] in _BLOCKED][:1],
            "addresses": own_addresses(evidence),
        },
        fix=Fix((Manual(step, where),), Applicability.MANUAL),
    )


def _closest(name: str, seen: list[DnsAnswer], above: list[DnsAnswer]) -> str:
    """The closest domain that exists: by the SOA record of the denial, else by asking."""
    exist = [one.name for one in above if one.rcode == "NOERROR"]
    zones = [one.zone for one in seen if one.zone and name.endswith(f".{one.zone}")]
    return max(zones + exist, key=len, default="")


def _missing(name: str, above: list[DnsAnswer]) -> str:
    """The highest name that does not exist: the name itself or a domain above it."""
    return min((name, *(one.name for one in above if one.rcode == "NXDOMAIN")), key=len)


def _is_registry(zone: str) -> bool:
    """Whether names directly under a zone are registered with a registry."""
    first, _, last = zone.partition(".")
    return not last or (first in _SECOND_LEVEL and len(last) == 2)
