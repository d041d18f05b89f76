"""The name exists but has no A and no AAAA record (NODATA, RFC 2308 section 2.2).

A resolver that removes addresses from an answer (rebind protection removes private ones, a filter
all) leaves an empty answer too. The SOA record shows that the zone itself says so.

A run that asks for one family (`-4`, `-6`) says nothing of the visitors of the other one.
"""

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
from diagnose.model.addresses import family_of
from diagnose.model.dns import (
    DnsAnswer,
    final_answers,
    serves_visitors,
    serving_addresses,
    sibling_facts,
)


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def no_address(evidence: Evidence) -> Iterator[Claim]:
    answers = tuple(final_answers(evidence).values())
    if not answers or not all(_is_empty(answer) for answer in answers) or serves_visitors(evidence):
        return
    alias = next((answer.aliases[-1] for answer in answers if answer.aliases), "")
    families = {4 if answer.rdtype == "A" else 6 for answer in answers}
    is_said_by_zone = all(answer.zone or answer.authoritative for answer in answers)
    yield Claim(
        about=Subject(name=answers[0].name),
        because=answers,
        confidence=Confidence.CERTAIN if is_said_by_zone else Confidence.LIKELY,
        facts={
            "name": answers[0].name,
            "types": tuple(answer.rdtype for answer in answers),
            "server": answers[0].server,
            "alias": alias,
            "owner": alias or answers[0].name,
            "addresses": tuple(
                serving_address
                for serving_address in serving_addresses(evidence)
                if family_of(serving_address) in families
            ),
            "only_ipv4": families == {4},
            "only_ipv6": families == {6},
            **sibling_facts(evidence),
            "stripped": not is_said_by_zone,
        },
        fix=Fix((Manual("add-address", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _is_empty(answer: DnsAnswer) -> bool:
    is_complete = answer.failure is None and answer.rcode == "NOERROR" and not answer.truncated
    return is_complete and not answer.records
