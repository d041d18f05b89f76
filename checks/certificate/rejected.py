"""The chain does not verify, for a reason that no other check of this layer names: a name or a
path length that an authority may not issue, a root in this machine's store that has expired, a
certificate that only OpenSSL could read. OpenSSL's own words are all that is said
(X509_STORE_CTX_get_error(3)). The most general of this layer: OpenSSL's verdict is never lost."""

from collections.abc import Iterable, Iterator

from checks.certificate import (
    BROUGHT_ABOUT,
    EXPIRED,
    NOT_YET_VALID,
    REVOKED,
    WEAK,
    by_hand,
    chain_fault,
    claim,
    unread,
)
from checks.certificate.expired import too_old
from checks.certificate.not_yet_valid import too_early
from checks.certificate.wrong_purpose import unfit
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, endpoints, together
from diagnose.model.tls import Handshake, Served, served


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def rejected(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: _is_unnamed(evidence, seen)):
        seen = one.handshakes[0]
        if not _is_of_time(evidence, one):
            facts = {
                "message": seen.verify_message,
                "code": seen.verify_code,
                "unread": tuple(dict.fromkeys(unread(seen))),
            }
            yield claim(evidence, one, facts, by_hand("replace"))
    unseen = [one for one in evidence.of(Handshake) if one.as_a_visitor and not one.chain]
    yield from _claims(evidence, [one for one in unseen if one.verify_code])


def _is_unnamed(evidence: Evidence, seen: Handshake) -> bool:
    """Whether OpenSSL refused the chain, and no other check says why."""
    if not seen.verify_code or seen.verify_code in {REVOKED, *WEAK}:
        return False
    return not chain_fault(evidence, seen) and unfit(seen) is None


def _is_of_time(evidence: Evidence, one: Served) -> bool:
    """Whether OpenSSL's word about dates is said by the check that judges them."""
    (code,) = one.verify_codes if len(one.verify_codes) == 1 else (0,)
    if code == EXPIRED:
        return too_old(evidence, one) is not None
    return code == NOT_YET_VALID and too_early(evidence, one) is not None


def _claims(evidence: Evidence, unseen: Iterable[Handshake]) -> Iterator[Claim]:
    """What OpenSSL says of certificates of which nothing could be read here."""
    groups: dict[tuple[int, int | None], list[Handshake]] = {}
    for seen in unseen:
        groups.setdefault((seen.port, seen.verify_code), []).append(seen)
    for (port, code), same in groups.items():
        subjects = endpoints((one.address for one in same), port)
        facts = {
            "name": evidence.target.host,
            "addresses": tuple(dict.fromkeys(one.address for one in same)),
            "port": port,
            "subject": "",
            "issuer": "",
            "unread": (),
            "message": same[0].verify_message,
            "code": code,
        }
        yield Claim(
            about=together(subjects),
            covers=subjects,
            because=tuple(same),
            facts=facts,
            fix=by_hand("replace"),
        )
