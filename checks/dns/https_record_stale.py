"""The name's HTTPS record (RFC 9460) leads browsers to a place where the site is not: an address of
an old server among the hints, another name, or a port. Address records and this record are changed
by hand in two places, and clients that do not read it (curl, most programs) see nothing.

It is judged only where the site answers at the addresses of its A and AAAA records.
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
from diagnose.model.dns import RecordEndpoint
from diagnose.model.tls import Handshake

#: Failures that lie with this machine, which has no way there.
_OURS = {"ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"}


@check(severity=Severity.WARNING, needs=[Handshake, RecordEndpoint])
def https_record_stale(evidence: Evidence) -> Iterator[Claim]:
    visits = [
        visit
        for visit in evidence.good(Handshake)
        if visit.is_browser_like and not visit.verify_code
    ]
    # Whether this machine has IPv6 at all shows only where the site was reached by it.
    has_ipv6 = any(":" in visit.address for visit in visits)
    wrong = [
        endpoint
        for endpoint in evidence.of(RecordEndpoint)
        if (endpoint.failure or endpoint.foreign)
        and (has_ipv6 or ":" not in endpoint.address)
        and (endpoint.failure is None or endpoint.failure.name not in _OURS)
    ]
    if not wrong or not visits:
        return
    first = wrong[0]
    yield Claim(
        about=Subject(name=evidence.target.host),
        because=(*wrong, *visits),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "record": first.record,
            "places": tuple(
                dict.fromkeys(_place(endpoint) for endpoint in wrong if endpoint.address)
            ),
            "addresses": tuple(dict.fromkeys(visit.address for visit in visits)),
            "said": first.failure.message if first.failure else "",
            "foreign": first.foreign,
        },
        fix=Fix((Manual("correct", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )


def _place(endpoint: RecordEndpoint) -> str:
    host = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"{host}:{endpoint.port}"
