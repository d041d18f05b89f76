"""The time of the certificate, or of an intermediate that the server sends with it, is over
(RFC 5280 section 4.1.2.5)."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, EXPIRED, by_hand, claim, label, out_of_time, renewal
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, Served, served


def too_old(evidence: Evidence, one: Served) -> Certificate | None:
    """The certificate that has expired."""
    return out_of_time(one, lambda each: each.is_expired(evidence.started_at), EXPIRED)


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.expires-soon", "certificate.must-staple", *BROUGHT_ABOUT],
)
def expired(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        over = too_old(evidence, one)
        if over is not None and over.not_after is not None:
            facts = {
                "which": label(over),
                "intermediate": over is not one.leaf,
                "since": over.not_after,
                "days": (evidence.started_at - over.not_after).days,
            }
            fix = renewal(evidence, one.leaf) if over is one.leaf else by_hand("new-intermediate")
            yield claim(evidence, one, facts, fix)
