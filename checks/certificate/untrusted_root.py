"""The chain is complete and ends in a root that this machine does not trust (OpenSSL: 19, or 20 if
the root itself is, correctly, not sent): a company's authority, a CDN's origin authority (trusted
by its own edge only), a development tool's, or the one with which an ACME client tries itself out.

A leaf that comes alone and names no URL of its issuer's certificate, as all public ones do, counts
as issued by a private authority.
"""

from collections.abc import Iterator

from checks.certificate import (
    COMMON_EFFECTS,
    SELF_SIGNED_IN_CHAIN,
    chain_fault,
    claim,
    label,
    private_authority_kind,
    reload_step,
    request_fix,
    served_lineage,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    commands,
)
from diagnose.model.tls import Certificate, Handshake, certificate_path, served_certificates


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def untrusted_root(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "untrusted-root"
    ):
        top_cert = certificate_path(served_cert.chain)[-1]
        authority_kind = private_authority_kind(top_cert.issuer)
        is_root_sent = SELF_SIGNED_IN_CHAIN in served_cert.verify_codes or top_cert.self_issued
        yield claim(
            evidence,
            served_cert,
            {
                "root": label(top_cert) if top_cert.self_issued else top_cert.issuer,
                "origin": authority_kind == "origin",
                "test": authority_kind == "test",
                "sent": is_root_sent,
            },
            _fix(evidence, served_cert.leaf, authority_kind),
            confidence=Confidence.CERTAIN if is_root_sent or authority_kind else Confidence.LIKELY,
            ruled_out=("certificate.self-signed", "certificate.wrong-intermediate"),
        )


def _fix(evidence: Evidence, leaf: Certificate, authority_kind: str) -> Fix:
    """Ask the real service, by the tool that keeps the file. acme.sh remembers the authority of the
    tests (Le_API), until it is told another one."""
    if authority_kind != "test":
        return request_fix(evidence, "trust-or-replace")
    lineage = served_lineage(evidence, leaf)
    if lineage is None or lineage.tool != "acme.sh":
        return request_fix(evidence, "leave-the-tests")
    words = (*lineage.renew.argv, "--server", "letsencrypt")
    renewal, loading = commands.renew_certificate(words), reload_step(evidence)
    steps = (renewal,) if isinstance(loading, Manual) else (renewal, loading)
    return Fix(steps, Applicability.REVIEW)
