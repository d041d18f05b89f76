"""The aliases form a loop. Resolvers answer SERVFAIL or return an endless chain; following the
aliases one by one shows the loop."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import (
    DnsAnswer,
    alias_loop,
    final_answers,
    serves_visitors,
    serving_addresses,
)


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    explains=["dns.servfail", "dns.no-address", "dns.dangling-cname", "dns.dnssec-bogus"],
)
def cname_loop(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence).values()
    because = tuple(
        answer
        for answer in evidence.good(DnsAnswer)
        if answer.purpose == "alias" or (answer in answers and answer.aliases)
    )
    name = evidence.target.host
    loop_names = alias_loop(because, name)
    if not loop_names or any(answer.records for answer in answers) or serves_visitors(evidence):
        return
    yield Claim(
        about=Subject(name=name),
        because=because,
        facts={
            "name": name,
            "loop": " -> ".join(loop_names),
            "members": loop_names[:-1],
            "itself": len(loop_names) == 2,
            "addresses": serving_addresses(evidence),
        },
        fix=Fix((Manual("break-loop", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
