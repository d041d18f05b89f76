"""The resolver answers SERVFAIL, and it gives the answer if the CD bit tells it not to validate. So
the DNSSEC signatures are invalid (RFC 4035 section 5.5)."""

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

# RFC 8914 section 4: the extended errors about DNSSEC.
_DNSSEC_ERRORS = {"1", "2", "5", "6", "7", "8", "9", "10", "11", "12"}


@check(severity=Severity.ERROR, needs=[DnsAnswer], needs_fault=[DnsAnswer])
def dnssec_bogus(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence)
    servfail_answers = {
        rdtype: answer for rdtype, answer in answers.items() if answer.rcode == "SERVFAIL"
    }
    unvalidated_answers = [
        answer
        for answer in evidence.good(DnsAnswer)
        if answer.purpose == "unvalidated"
        and answer.rdtype in servfail_answers
        and answer.rcode in {"NOERROR", "NXDOMAIN"}
    ]
    if not unvalidated_answers:
        return
    extended_errors = tuple(
        dict.fromkeys(
            error_text for answer in servfail_answers.values() for error_text in answer.extended
        )
    )
    is_working = serves_visitors(evidence) or any(answer.records for answer in answers.values())
    name = unvalidated_answers[0].name
    yield Claim(
        about=Subject(name=name),
        because=(*servfail_answers.values(), *unvalidated_answers),
        confidence=Confidence.CERTAIN if _names_dnssec(extended_errors) else Confidence.LIKELY,
        severity=Severity.WARNING if is_working else None,
        ruled_out=("dns.nxdomain", "dns.resolver-unreachable"),
        facts={
            "name": name,
            "server": unvalidated_answers[0].server,
            "types": tuple(servfail_answers),
            "addresses": tuple(
                record for answer in unvalidated_answers for record in answer.records
            ),
            "said": extended_errors,
        },
        fix=Fix((Manual("correct-ds", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _names_dnssec(extended_errors: tuple[str, ...]) -> bool:
    return any(error_text.partition(" ")[0] in _DNSSEC_ERRORS for error_text in extended_errors)
