"""The resolver works but gets no answer for this name: it answers SERVFAIL, or times out because
the name's own name servers do not reply."""

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
from diagnose.model.dns import (
    DnsAnswer,
    answer_text,
    final_answers,
    knows_the_root,
    serves_visitors,
)

# RFC 8914: No Reachable Authority, Network Error.
_UNREACHABLE_ERRORS = ("22", "23")


@check(severity=Severity.ERROR, needs=[DnsAnswer], needs_fault=[DnsAnswer])
def servfail(evidence: Evidence) -> Iterator[Claim]:
    answers = final_answers(evidence)
    failed_answers = {rdtype: answer for rdtype, answer in answers.items() if _is_failed(answer)}
    control_answers = [answer for answer in evidence.of(DnsAnswer) if answer.purpose == "control"]
    is_partial = any(answer.records for answer in answers.values())
    extended_errors = tuple(
        dict.fromkeys(
            error_text for answer in failed_answers.values() for error_text in answer.extended
        )
    )
    names_unreachable = any(
        error_text.partition(" ")[0] in _UNREACHABLE_ERRORS for error_text in extended_errors
    )
    if (
        not failed_answers
        or (serves_visitors(evidence) and not is_partial)
        or _is_answered_otherwise(evidence, failed_answers)
    ):
        return
    if is_partial and not any(answer.rcode == "SERVFAIL" for answer in failed_answers.values()):
        return
    # Every working resolver knows the root. If this one does not, the name is not the cause.
    if not names_unreachable and not any(knows_the_root(answer) for answer in control_answers):
        return
    name = next(iter(failed_answers.values())).name
    yield Claim(
        about=Subject(name=name),
        because=(*failed_answers.values(), *control_answers),
        confidence=Confidence.CERTAIN if names_unreachable else Confidence.LIKELY,
        severity=Severity.WARNING if is_partial else None,
        ruled_out=("dns.nxdomain", "dns.dnssec-bogus", "dns.resolver-unreachable"),
        facts={
            "name": name,
            "server": next(iter(failed_answers.values())).server,
            "types": tuple(failed_answers),
            "outcome": tuple(
                dict.fromkeys(answer_text(answer) for answer in failed_answers.values())
            ),
            "said": extended_errors,
            "partly": is_partial,
        },
        fix=Fix((Manual("correct-delegation", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _is_failed(answer: DnsAnswer) -> bool:
    is_timeout = answer.failure is not None and answer.failure.kind == "timeout"
    return is_timeout or answer.rcode == "SERVFAIL"


def _is_answered_otherwise(evidence: Evidence, failed_answers: dict[str, DnsAnswer]) -> bool:
    """Return whether the query succeeds without validation or at another resolver. Then the name's
    own servers do reply."""
    return any(
        answer.rdtype in failed_answers and answer.rcode in {"NOERROR", "NXDOMAIN"}
        for answer in evidence.good(DnsAnswer)
        if answer.purpose in {"unvalidated", "other-resolver"}
    )
