"""The chain does not verify, for a reason that no other check of this layer names: a name or a
path length that an authority may not issue, a root in this machine's store that has expired.
OpenSSL's own words are all that is said (X509_STORE_CTX_get_error(3)). The most general of this
layer."""

from collections.abc import Iterator

from checks.certificate import (
    BAD_SIGNATURE,
    BROUGHT_ABOUT,
    EXPIRED,
    NO_ISSUER,
    NOT_YET_VALID,
    REVOKED,
    SELF_SIGNED,
    SELF_SIGNED_IN_CHAIN,
    WEAK,
    WRONG_PURPOSE,
    by_hand,
    claim,
)
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, path_of, served

_NAMED = {
    *(0, BAD_SIGNATURE, SELF_SIGNED, SELF_SIGNED_IN_CHAIN),
    *(REVOKED, WRONG_PURPOSE, *NO_ISSUER, *WEAK),
}


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def rejected(evidence: Evidence) -> Iterator[Claim]:
    now = evidence.started_at

    def otherwise(seen: Handshake) -> bool:
        path = path_of(seen.chain)
        if seen.verify_code == EXPIRED:
            return all(one.not_after >= now for one in path)
        if seen.verify_code == NOT_YET_VALID:
            return all(one.not_before <= now for one in path)
        return seen.verify_code is not None and seen.verify_code not in _NAMED

    for one in served(evidence, otherwise):
        seen = one.handshakes[0]
        facts = {"message": seen.verify_message, "code": seen.verify_code}
        yield claim(evidence, one, facts, by_hand("replace"))
