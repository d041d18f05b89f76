"""A service of this machine should have the port and could not start: it may not open a port below
1024 (capabilities(7), CAP_NET_BIND_SERVICE), or may not read the key or the certificate.

That the journal names the port makes it certain. A service that only fails to read a file of TLS
may be another one.
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
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure


@check(
    severity=Severity.ERROR,
    needs=[Listeners, ServiceFailure],
    explains=["listener.missing", "tcp.refused", "http.port-closed"],
)
def service_failed(evidence: Evidence) -> Iterator[Claim]:
    port, listeners = evidence.target.port, evidence.good(Listeners)
    if not listeners or any(listener.on(port) for listener in listeners):
        return
    failures = evidence.good(ServiceFailure)
    about_port = [failure for failure in failures if failure.reason != "file-permission"]
    failure = next(iter(about_port or failures), None)
    # Two services with such a fault leave it open which of them serves the site.
    if failure is None or (not about_port and len(failures) > 1):
        return
    ports = (port,) if any(listener.on(80) for listener in listeners) else (port, 80)
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in ports),
        because=(failure, *listeners),
        facts={
            "unit": failure.unit,
            "port": port,
            "name": evidence.target.host,
            "message": failure.message,
            "user": failure.user,
            "file": failure.file,
            failure.reason: True,
        },
        confidence=Confidence.CERTAIN if about_port else Confidence.LIKELY,
        fix=Fix((Manual(failure.reason, Where.SERVER),), Applicability.MANUAL),
    )
