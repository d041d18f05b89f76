"""The server lets in current browsers and no client of TLS 1.2, or none that has no group but P-256
for the key exchange. It is asked so only where a message about TLS was pasted: whoever got it may
have been such a client (`nginx.old-clients-refused` reads the same from nginx's settings)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from checks.server._tls_settings import Purpose

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
    # Imported late: only a finding needs it.
    from checks.server._tls_settings import tls_change

    purpose: Purpose = "older-clients" if "tls1.2" in refused else "usual-groups"
    other = tls_change(evidence, purpose)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*refused.values(), *visits),
        facts={
            "name": evidence.target.host,
            "port": visits[0].port,
            "versions": "tls1.2" in refused,
            "place": other.place if other else "",
        },
        location=other.location if other else None,
        fix=(other.fix if other else None)
        or Fix((Manual("let-them-in", Where.SERVER),), Applicability.MANUAL),
    )
