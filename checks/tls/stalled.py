"""The ClientHello, or the rest of the handshake, never gets a response. `tcp.path-mtu` and
`tcp.large-hello-lost` judge whether packet size is the reason."""

from collections.abc import Iterator

from checks.tls import no_reply_claims
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def stalled(evidence: Evidence) -> Iterator[Claim]:
    yield from no_reply_claims(evidence, "stalled")
