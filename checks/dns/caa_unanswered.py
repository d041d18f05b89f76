"""The name servers answer for addresses and not for CAA records (RFC 8659): SERVFAIL. A certificate
authority must not issue then: "DNS problem: SERVFAIL looking up CAA". Visitors see nothing.

The resolver answers the same question about com, so that it knows the type. It matters to whoever
wants a certificate: it is a note unless one is due, or an ACME client's message was pasted.
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
from diagnose.model.dns import DnsAnswer, final_answers
from diagnose.model.tls import served_certificates


@check(
    severity=Severity.WARNING,
    needs=[DnsAnswer],
    needs_fault=[DnsAnswer],
)
def caa_unanswered(evidence: Evidence) -> Iterator[Claim]:
    if not any(answer.records for answer in final_answers(evidence).values()):
        return
    controls = [item for item in evidence.good(DnsAnswer) if item.purpose == "caa-control"]
    knows_type = [
        item for item in controls if item.name == "com" and item.rcode in {"NOERROR", "NXDOMAIN"}
    ]
    failing_names = {item.name for item in controls if item.rcode == "SERVFAIL"}
    failed = [
        item
        for item in evidence.good(DnsAnswer)
        if item.purpose == "caa" and item.rcode == "SERVFAIL" and item.name in failing_names
    ]
    if not failed or not knows_type:
        return
    symptom = evidence.target.symptom
    is_wanted = symptom is not None and symptom.kind.startswith("acme")
    is_due = any(
        served.leaf.is_due(evidence.started_at) for served in served_certificates(evidence)
    )
    yield Claim(
        about=Subject(name=evidence.target.host),
        because=(*failed, *knows_type),
        confidence=Confidence.LIKELY,
        severity=None if is_wanted or is_due else Severity.NOTE,
        facts={
            "name": evidence.target.host,
            "owners": tuple(dict.fromkeys(item.name for item in failed)),
            "server": failed[0].server,
            "said": tuple(dict.fromkeys(text for item in failed for text in item.extended)),
        },
        fix=Fix((Manual("name-servers", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
