"""The aliases come back to where they were. Resolvers answer that with SERVFAIL or with a chain
that has no end; followed by hand it shows."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import DnsAnswer, final_answers, loop, own_addresses, serves_visitors


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    explains=["dns.servfail", "dns.no-address", "dns.dangling-cname", "dns.dnssec-bogus"],
)
def cname_loop(evidence: Evidence) -> Iterator[Claim]:
    final = final_answers(evidence).values()
    because = tuple(
        one
        for one in evidence.good(DnsAnswer)
        if one.purpose == "alias" or (one in final and one.aliases)
    )
    name = evidence.target.host
    round_trip = loop(because, name)
    if not round_trip or any(one.records for one in final) or serves_visitors(evidence):
        return
    yield Claim(
        about=Subject(name=name),
        because=because,
        facts={
            "name": name,
            "loop": " -> ".join(round_trip),
            "members": round_trip[:-1],
            "itself": len(round_trip) == 2,
            "addresses": own_addresses(evidence),
        },
        fix=Fix((Manual("break-loop", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
