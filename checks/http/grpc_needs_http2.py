"""A client of gRPC complains, and the site does not offer HTTP/2 (ALPN, RFC 7301). gRPC exists over
HTTP/2 only, so that no call of it can arrive; gRPC-Web needs none. Pages work over HTTP/1.1, and no
visitor notices: it is said only where such a message was pasted.
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
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.http import BrowserVisit


@check(
    severity=Severity.WARNING,
    needs=[BrowserVisit],
    needs_message=True,
)
def grpc_needs_http2(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    visits = evidence.good(BrowserVisit)
    if symptom is None or symptom.kind != "grpc" or not evidence.target.uses_tls:
        return
    without = [visit for visit in visits if visit.alpn != "h2"]
    if not without:
        return
    subjects = endpoints((visit.address for visit in without), without[0].port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(without),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "port": evidence.target.port,
            "addresses": tuple(subject.address for subject in subjects),
        },
        fix=Fix((Manual("offer-http2", Where.SERVER),), Applicability.MANUAL),
    )
