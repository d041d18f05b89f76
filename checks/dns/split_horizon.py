"""Two ways to resolve the name give different addresses: two configured resolvers, or the system
and the first resolver.

Different addresses of the same kind are normal load balancing. So between the system and DNS only a
difference in kind counts.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Observation, Severity, Subject
from diagnose.model.addresses import is_private
from diagnose.model.dns import DnsAnswer, HostsEntry, Resolution, final_answers


@check(severity=Severity.NOTE, needs=[DnsAnswer])
def split_horizon(evidence: Evidence) -> Iterator[Claim]:
    # A search domain may complete a name without a dot on one side and not on the other.
    if "." not in evidence.target.host:
        return
    for rdtype, answer in final_answers(evidence).items():
        if answer.failure or answer.truncated or answer.rcode not in {"NOERROR", "NXDOMAIN"}:
            continue
        other_answer = _other_resolver_answer(evidence, answer) or _system_answer(evidence, answer)
        if other_answer is None:
            continue
        other_source, addresses, observation = other_answer
        yield Claim(
            about=Subject(name=answer.name),
            because=(answer, observation),
            confidence=(
                Confidence.CERTAIN
                if _address_kind(answer.records) != _address_kind(addresses)
                else Confidence.POSSIBLE
            ),
            facts={
                "name": answer.name,
                "rdtype": rdtype,
                "first": answer.server,
                "first_addresses": answer.records,
                "other": other_source,
                "other_addresses": addresses,
            },
        )
        return


OtherAnswer = tuple[str, tuple[str, ...], Observation]


def _other_resolver_answer(evidence: Evidence, answer: DnsAnswer) -> OtherAnswer | None:
    for other_answer in evidence.good(DnsAnswer):
        is_comparable = (
            other_answer.purpose == "other-resolver" and other_answer.rdtype == answer.rdtype
        )
        is_usable = other_answer.rcode in {"NOERROR", "NXDOMAIN"} and not other_answer.truncated
        if is_comparable and is_usable and _is_disjoint(answer.records, other_answer.records):
            return other_answer.server, other_answer.records, other_answer
    return None


def _system_answer(evidence: Evidence, answer: DnsAnswer) -> OtherAnswer | None:
    """Return the system's answer, or None if the hosts file influences it."""
    if evidence.of(HostsEntry):
        return None
    family = 6 if answer.rdtype == "AAAA" else 4
    for resolution in evidence.good(Resolution):
        if resolution.via != "system" or resolution.family != family:
            continue
        if _address_kind(resolution.addresses) != _address_kind(answer.records):
            return "getaddrinfo", resolution.addresses, resolution
    return None


def _is_disjoint(records: tuple[str, ...], other_records: tuple[str, ...]) -> bool:
    return records != other_records and not set(records) & set(other_records)


def _address_kind(addresses: tuple[str, ...]) -> str:
    if not addresses:
        return "none"
    return "private" if all(map(is_private, addresses)) else "public"
