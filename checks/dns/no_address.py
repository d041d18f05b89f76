"""The name exists and has no A and no AAAA record (NODATA, RFC 2308 section 2.2)."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import DnsAnswer, final_answers, own_addresses, serves_visitors


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def no_address(evidence: Evidence) -> Iterator[Claim]:
    final = tuple(final_answers(evidence).values())
    if not final or not all(_is_empty(one) for one in final) or serves_visitors(evidence):
        return
    alias = next((one.aliases[-1] for one in final if one.aliases), "")
    yield Claim(
        about=Subject(name=final[0].name),
        because=final,
        facts={
            "name": final[0].name,
            "types": tuple(one.rdtype for one in final),
            "server": final[0].server,
            "alias": alias,
            "owner": alias or final[0].name,
            "addresses": own_addresses(evidence),
        },
        fix=Fix((Manual("add-address", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _is_empty(answer: DnsAnswer) -> bool:
    good = answer.failure is None and answer.rcode == "NOERROR" and not answer.truncated
    return good and not answer.records
