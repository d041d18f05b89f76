"""The chain does not verify, for a reason that no other check of this layer reports: a name or a
path length that an authority may not issue, an expired root in this machine's store, a certificate
that only OpenSSL could read.

The finding quotes OpenSSL's message (X509_STORE_CTX_get_error(3)). This check is the most general
of the layer, so OpenSSL's verdict is never lost.
"""

from collections.abc import Iterable, Iterator

from checks.certificate import (
    COMMON_EFFECTS,
    EXPIRED,
    NOT_YET_VALID,
    REVOKED,
    WEAK,
    chain_fault,
    claim,
    domain_facts,
    request_fix,
    unreadable_extensions,
)
from checks.certificate.expired import expired_certificate
from checks.certificate.not_yet_valid import premature_certificate
from checks.certificate.wrong_purpose import unfit_certificate
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, endpoints, merge_subjects
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates

#: X509_V_ERR_PERMITTED_VIOLATION, _EXCLUDED_VIOLATION (RFC 5280 section 4.2.1.10), and
#: _PATH_LENGTH_EXCEEDED (section 4.2.1.9).
_NAME_CONSTRAINTS, _PATH_LENGTH = {47, 48}, 25


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def rejected(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: _is_unexplained(evidence, handshake)
    ):
        handshake = served_cert.handshakes[0]
        if not _is_date_fault(evidence, served_cert):
            facts = {
                "message": handshake.verify_message,
                "code": handshake.verify_code,
                "unread": tuple(dict.fromkeys(unreadable_extensions(handshake))),
                **_reason(handshake.verify_code),
            }
            yield claim(evidence, served_cert, facts, request_fix(evidence, "replace"))
    chainless_handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.is_browser_like and not handshake.chain
    ]
    yield from _claims(
        evidence, [handshake for handshake in chainless_handshakes if handshake.verify_code]
    )


def _reason(code: int | None) -> dict[str, bool]:
    return {"constraint": code in _NAME_CONSTRAINTS, "depth": code == _PATH_LENGTH}


def _is_unexplained(evidence: Evidence, handshake: Handshake) -> bool:
    """Return whether OpenSSL refused the chain and no other check explains it."""
    if not handshake.verify_code or handshake.verify_code in {REVOKED, *WEAK}:
        return False
    return not chain_fault(evidence, handshake) and unfit_certificate(handshake) is None


def _is_date_fault(evidence: Evidence, served_cert: ServedCertificate) -> bool:
    """Return whether OpenSSL's error about dates is already reported by the check that judges
    dates."""
    (code,) = served_cert.verify_codes if len(served_cert.verify_codes) == 1 else (0,)
    if code == EXPIRED:
        return expired_certificate(evidence, served_cert) is not None
    return code == NOT_YET_VALID and premature_certificate(evidence, served_cert) is not None


def _claims(evidence: Evidence, handshakes: Iterable[Handshake]) -> Iterator[Claim]:
    """Make claims about certificates that could not be parsed here, with OpenSSL's message."""
    groups: dict[tuple[int, int | None], list[Handshake]] = {}
    for handshake in handshakes:
        groups.setdefault((handshake.port, handshake.verify_code), []).append(handshake)
    for (port, code), group in groups.items():
        subjects = endpoints((handshake.address for handshake in group), port)
        facts = {
            "name": evidence.target.host,
            **domain_facts(evidence),
            "addresses": tuple(dict.fromkeys(handshake.address for handshake in group)),
            "port": port,
            "subject": "",
            "issuer": "",
            "unread": (),
            "message": group[0].verify_message,
            "code": code,
            **_reason(code),
        }
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=tuple(group),
            facts=facts,
            fix=request_fix(evidence, "replace"),
        )
