"""The name is an alias, and what it leads to does not exist: rcode 3 with a CNAME in the answer
(RFC 6604 section 3: the rcode is that of the last name)."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import DnsAnswer, final_answers, loop, own_addresses, serves_visitors


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def dangling_cname(evidence: Evidence) -> Iterator[Claim]:
    final = final_answers(evidence).values()
    seen = tuple(one for one in final if one.rcode == "NXDOMAIN" and one.aliases)
    if not seen or any(one.records for one in final) or serves_visitors(evidence):
        return
    name, chain = seen[0].name, seen[0].aliases
    if loop(seen, name):
        return
    yield Claim(
        about=Subject(name=name),
        because=seen,
        ruled_out=("dns.nxdomain",),
        facts={
            "name": name,
            "server": seen[0].server,
            "owner": chain[-2] if len(chain) > 1 else name,
            "alias": chain[-1],
            "chain": " -> ".join((name, *chain)),
            "addresses": own_addresses(evidence),
        },
        fix=Fix((Manual("correct-alias", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
