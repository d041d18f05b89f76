"""The server's packets may pass few routers (net.ipv4.ip_default_ttl, ip-sysctl; RFC 1122 section
3.2.1.7 wants a value that is larger than the Internet's diameter, and 64 is usual). Visitors who
are farther away get no reply, and those nearby do."""

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
from diagnose.model.kernel import Kernel

#: Routers on the way to distant visitors; with fewer, hardly anybody is reached.
ENOUGH, HARDLY_ANY = 30, 10


@check(severity=Severity.WARNING, needs=[Kernel], explains=["tcp.timeout", "tcp.host-down"])
def ttl_too_low(evidence: Evidence) -> Iterator[Claim]:
    kernel = next(iter(evidence.good(Kernel)), None)
    if kernel is None or kernel.ttl is None or not 0 < kernel.ttl < ENOUGH:
        return
    yield Claim(
        about=Subject(port=evidence.target.port),
        because=(kernel,),
        severity=Severity.ERROR if kernel.ttl <= HARDLY_ANY else None,
        # How far away visitors are is not known.
        confidence=Confidence.LIKELY,
        facts={"ttl": kernel.ttl, "port": evidence.target.port},
        fix=Fix((Manual("usual-value", Where.SERVER),), Applicability.MANUAL),
    )
