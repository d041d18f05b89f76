"""The server lets in current browsers and no client of TLS 1.2, or none that has no group but P-256
for the key exchange. It is asked so only where a message about TLS was pasted: whoever got it may
have been such a client (`nginx.old-clients-refused` reads the same from nginx's settings)."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.tls import Handshake

#: How a server answers that does not want what a client offers (RFC 5246 section 7.2.2).
_REFUSALS = {"alert", "closed", "reset"}


@check(severity=Severity.NOTE, needs=[Handshake])
def old_clients_refused(evidence: Evidence) -> Iterator[Claim]:
    visits = [visit for visit in evidence.good(Handshake) if visit.variant == "normal"]
    refused = {
        attempt.variant: attempt
        for attempt in evidence.of(Handshake)
        if attempt.variant in {"tls1.2", "p-256"}
        and attempt.failure is not None
        and attempt.failure.kind in _REFUSALS
        and any(visit.address == attempt.address for visit in visits)
    }
    if not refused:
        return
    subjects = endpoints((attempt.address for attempt in refused.values()), visits[0].port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*refused.values(), *visits),
        facts={
            "name": evidence.target.host,
            "port": visits[0].port,
            "versions": "tls1.2" in refused,
        },
        fix=Fix((Manual("let-them-in", Where.SERVER),), Applicability.MANUAL),
    )
