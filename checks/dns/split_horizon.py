"""Two ways to resolve the name give different addresses: two of the configured resolvers, or the
system and the first of them. Different addresses of one kind alone are how load is spread, so
between the system and DNS only a difference in kind counts."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Observation, Severity, Subject
from diagnose.model.dns import (
    DnsAnswer,
    HostsEntry,
    Resolution,
    final_answers,
    is_private,
)


@check(severity=Severity.NOTE, needs=[DnsAnswer])
def split_horizon(evidence: Evidence) -> Iterator[Claim]:
    # A name without a dot is completed by search domains on one side and not on the other.
    if "." not in evidence.target.host:
        return
    for rdtype, first in final_answers(evidence).items():
        if first.failure or first.truncated or first.rcode not in {"NOERROR", "NXDOMAIN"}:
            continue
        other = _other_resolver(evidence, first) or _system(evidence, first)
        if other is None:
            continue
        who, addresses, seen = other
        yield Claim(
            about=Subject(name=first.name),
            because=(first, seen),
            confidence=(
                Confidence.CERTAIN
                if _kind(first.records) != _kind(addresses)
                else Confidence.POSSIBLE
            ),
            facts={
                "name": first.name,
                "rdtype": rdtype,
                "first": first.server,
                "first_addresses": first.records,
                "other": who,
                "other_addresses": addresses,
            },
        )
        return


Other = tuple[str, tuple[str, ...], Observation]


def _other_resolver(evidence: Evidence, first: DnsAnswer) -> Other | None:
    for one in evidence.good(DnsAnswer):
        asked = one.purpose == "other-resolver" and one.rdtype == first.rdtype
        usable = one.rcode in {"NOERROR", "NXDOMAIN"} and not one.truncated
        if asked and usable and _is_other(first.records, one.records):
            return one.server, one.records, one
    return None


def _system(evidence: Evidence, first: DnsAnswer) -> Other | None:
    """What the system says, unless its hosts file has a say in it."""
    if evidence.of(HostsEntry):
        return None
    family = 6 if first.rdtype == "AAAA" else 4
    for one in evidence.good(Resolution):
        if one.via != "system" or one.family != family:
            continue
        if _kind(one.addresses) != _kind(first.records):
            return "getaddrinfo", one.addresses, one
    return None


def _is_other(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return some != others and not set(some) & set(others)


def _kind(addresses: tuple[str, ...]) -> str:
    if not addresses:
        return "none"
    return "private" if all(map(is_private, addresses)) else "public"
