"""The port answers a ClientHello in HTTP, or answers nothing but plain HTTP: no TLS there at all
("wrong version number", ERR_SSL_PROTOCOL_ERROR)."""

from collections.abc import Iterator

from checks.tls import failed
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake])
def plain_http(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "plain-http"):
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            facts={
                **one.facts,
                "received": next(seen.received for seen in one.because if seen.received),
            },
            fix=Fix((Manual("add-ssl", Where.SERVER),), Applicability.MANUAL),
        )
