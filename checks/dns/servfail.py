"""The resolver works, and cannot get an answer for this name: it says SERVFAIL, or waits in vain
for the name's own name servers."""

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
from diagnose.model.dns import DnsAnswer, final_answers, knows_the_root, outcome, serves_visitors

# RFC 8914: No Reachable Authority, Network Error.
_SAYS_SO = ("22", "23")


@check(severity=Severity.ERROR, needs=[DnsAnswer])
def servfail(evidence: Evidence) -> Iterator[Claim]:
    final = final_answers(evidence)
    failed = {kind: one for kind, one in final.items() if _is_failed(one)}
    controls = [one for one in evidence.of(DnsAnswer) if one.purpose == "control"]
    works = any(one.records for one in final.values())
    said = tuple(dict.fromkeys(text for one in failed.values() for text in one.extended))
    says_so = any(text.partition(" ")[0] in _SAYS_SO for text in said)
    if (
        not failed
        or (serves_visitors(evidence) and not works)
        or _answered_otherwise(evidence, failed)
    ):
        return
    if works and not any(one.rcode == "SERVFAIL" for one in failed.values()):
        return
    # A resolver that knows nothing of the root either, of which every working one does, is not
    # held up by this name.
    if not says_so and not any(knows_the_root(one) for one in controls):
        return
    name = next(iter(failed.values())).name
    yield Claim(
        about=Subject(name=name),
        because=(*failed.values(), *controls),
        confidence=Confidence.CERTAIN if says_so else Confidence.LIKELY,
        severity=Severity.WARNING if works else None,
        ruled_out=("dns.nxdomain", "dns.dnssec-bogus", "dns.resolver-unreachable"),
        facts={
            "name": name,
            "server": next(iter(failed.values())).server,
            "types": tuple(failed),
            "outcome": tuple(dict.fromkeys(outcome(one) for one in failed.values())),
            "said": said,
            "partly": works,
        },
        fix=Fix((Manual("correct-delegation", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _is_failed(answer: DnsAnswer) -> bool:
    silent = answer.failure is not None and answer.failure.kind == "timeout"
    return silent or answer.rcode == "SERVFAIL"


def _answered_otherwise(evidence: Evidence, failed: dict[str, DnsAnswer]) -> bool:
    """Whether not to validate, or another resolver, brings the answer: then it is not the name's
    own servers that are silent."""
    return any(
        one.rdtype in failed and one.rcode in {"NOERROR", "NXDOMAIN"}
        for one in evidence.good(DnsAnswer)
        if one.purpose in {"unvalidated", "other-resolver"}
    )
