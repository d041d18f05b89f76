"""The resolver answers SERVFAIL, and with the CD bit, which tells it not to validate, it gives
the answer: the signatures do not hold (RFC 4035 section 5.5)."""

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
from diagnose.model.dns import DnsAnswer, final_answers, serves_visitors

# RFC 8914 section 4: the extended errors that say so in so many words.
_SAYS_SO = {"1", "2", "5", "6", "7", "8", "9", "10", "11", "12"}


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def dnssec_bogus(evidence: Evidence) -> Iterator[Claim]:
    final = final_answers(evidence)
    failed = {kind: one for kind, one in final.items() if one.rcode == "SERVFAIL"}
    without = [
        one
        for one in evidence.good(DnsAnswer)
        if one.purpose == "unvalidated"
        and one.rdtype in failed
        and one.rcode in {"NOERROR", "NXDOMAIN"}
    ]
    if not without:
        return
    said = tuple(dict.fromkeys(text for one in failed.values() for text in one.extended))
    works = serves_visitors(evidence) or any(one.records for one in final.values())
    name = without[0].name
    yield Claim(
        about=Subject(name=name),
        because=(*failed.values(), *without),
        confidence=Confidence.CERTAIN if _says_so(said) else Confidence.LIKELY,
        severity=Severity.WARNING if works else None,
        ruled_out=("dns.nxdomain", "dns.resolver-unreachable"),
        facts={
            "name": name,
            "server": without[0].server,
            "types": tuple(failed),
            "addresses": tuple(record for one in without for record in one.records),
            "said": said,
        },
        fix=Fix((Manual("correct-ds", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _says_so(said: tuple[str, ...]) -> bool:
    return any(text.partition(" ")[0] in _SAYS_SO for text in said)
