"""The name is an alias, and its destination does not exist: rcode 3 with a CNAME in the answer (RFC
6604 section 3: the rcode is that of the last name)."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import DnsAnswer, alias_loop, final_answers, own_addresses, serves_visitors


@check(severity=Severity.ERROR, needs=[DnsAnswer], needs_fault=[DnsAnswer])
def dangling_cname(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence).values()
    dangling_answers = tuple(
        answer for answer in answers if answer.rcode == "NXDOMAIN" and answer.aliases
    )
    if (
        not dangling_answers
        or any(answer.records for answer in answers)
        or serves_visitors(evidence)
    ):
        return
    name, chain = dangling_answers[0].name, dangling_answers[0].aliases
    if alias_loop(dangling_answers, name):
        return
    yield Claim(
        about=Subject(name=name),
        because=dangling_answers,
        ruled_out=("dns.nxdomain",),
        facts={
            "name": name,
            "server": dangling_answers[0].server,
            "owner": chain[-2] if len(chain) > 1 else name,
            "alias": chain[-1],
            "chain": " -> ".join((name, *chain)),
            "addresses": own_addresses(evidence),
        },
        fix=Fix((Manual("correct-alias", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
