"""The connection is reset after the ClientHello (ECONNRESET). If another name or no name succeeds,
something reacts to the name."""

from collections.abc import Iterator

from checks.tls import no_reply_claims
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def reset(evidence: Evidence) -> Iterator[Claim]:
    yield from no_reply_claims(evidence, "reset")
