"""HTTP-01 (RFC 8555 section 8.3): the authority asks port 80 for a file. An unknown one is not
there, which is well; a refusal or an error means that a known one would not be given either.
Redirects are followed, but only to names and to the ports 80 and 443 (Let's Encrypt's rules)."""

from collections.abc import Iterator
from datetime import timedelta

from checks.http import addresses, pages, places
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    together,
)
from diagnose.model.http import Exchange
from diagnose.model.tls import served
from diagnose.wire.http import leads_to, read_url, wants_tls
from diagnose.wire.names import is_address

#: Whoever renews by ACME has certificates of at most 90 days, mostly; by hand nobody would.
_RENEWED_BY_ITSELF = timedelta(days=101)


@check(severity=Severity.WARNING, needs=[Exchange])
def acme_challenge_blocked(evidence: Evidence) -> Iterator[Claim]:
    blocked = [one for one in pages(evidence, "acme") if _blocks(one) and not _alike(evidence, one)]
    if not blocked:
        return
    leaves = [one.leaf for one in served(evidence)]
    by_hand = bool(leaves) and all(
        leaf.not_after - leaf.not_before > _RENEWED_BY_ITSELF for leaf in leaves
    )
    subjects = places(blocked)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(blocked),
        confidence=Confidence.LIKELY,
        severity=Severity.NOTE if by_hand else None,
        facts={
            "name": evidence.target.host,
            "url": blocked[0].url,
            "addresses": addresses(blocked),
            "status": blocked[0].status,
            "onward": leads_to(blocked[0]) or "",
        },
        fix=Fix((Manual("location", Where.SERVER),), Applicability.MANUAL),
    )


def _blocks(one: Exchange) -> bool:
    status = one.status or 0
    if wants_tls(one):
        return False
    if status in {401, 403} or status >= 500:
        return True
    onward = read_url(leads_to(one) or "")
    return onward is not None and (is_address(onward.host) or onward.port not in {80, 443})


def _alike(evidence: Evidence, one: Exchange) -> bool:
    """Whether this client is refused everywhere: then it is the client that is refused."""
    others = pages(evidence, "target")
    return one.status in {401, 403} and any(other.status == one.status for other in others)
