"""A client of gRPC complains, and the site does not offer HTTP/2 (ALPN, RFC 7301). gRPC exists over
HTTP/2 only, so that no call of it can arrive; gRPC-Web needs none. Pages work over HTTP/1.1, and no
visitor notices: it is said only where such a message was pasted.
"""

from collections.abc import Iterator

from checks.http._http2_offers import missing_http2, visits_without_http2
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import BrowserVisit


@check(
    severity=Severity.WARNING,
    needs=[BrowserVisit],
    needs_message=True,
)
def grpc_needs_http2(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "grpc" or not evidence.target.uses_tls:
        return
    without = visits_without_http2(evidence)
    if not without:
        return
    yield missing_http2(evidence, without)
