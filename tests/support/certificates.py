"""Certificates and handshakes as literals."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from diagnose.model import Claim, Edit, Evidence, Failure, Finding
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW

ROOT = Certificate(
    subject="CN=Example Root",
    issuer="CN=Example Root",
    serial="1",
    not_before=NOW - timedelta(days=1000),
    not_after=NOW + timedelta(days=1000),
    sha256="00",
    common_name="Example Root",
    key_type="EC",
    key_bits=256,
    signature_hash="sha256",
    is_ca=True,
    key_id="aa",
    authority_key_id="aa",
)
MIDDLE = replace(
    ROOT,
    subject="CN=Example Middle",
    serial="2",
    sha256="01",
    common_name="Example Middle",
    key_id="bb",
    authority_key_id="aa",
)
OTHER = replace(
    MIDDLE, subject="CN=Other Middle", sha256="02", common_name="Other Middle", key_id="cc"
)
LEAF = replace(
    MIDDLE,
    subject="CN=shop.example.com",
    issuer="CN=Example Middle",
    serial="3",
    not_before=NOW - timedelta(days=10),
    not_after=NOW + timedelta(days=80),
    sha256="03",
    common_name="shop.example.com",
    dns_names=("shop.example.com",),
    is_ca=False,
    key_id="dd",
    authority_key_id="bb",
    issuer_urls=("http://ca.example/middle.der",),
)
SELF = replace(LEAF, issuer=LEAF.subject, authority_key_id="dd", sha256="04")


def leaf(**other: Any) -> Certificate:
    return replace(LEAF, **other)


def visit(
    *chain: Certificate,
    code: int = 0,
    message: str = "",
    address: str = "203.0.113.10",
    **other: Any,
) -> Handshake:
    """A visitor's handshake that got this chain, and OpenSSL's verdict on it."""
    failure = Failure("certificate", message, code) if code else None
    return Handshake(
        address=address,
        port=443,
        server_name="shop.example.com",
        protocol="TLSv1.3",
        verify_code=code,
        verify_message=message,
        chain=chain or (LEAF, MIDDLE),
        failure=failure,
        **other,
    )


HEALTHY = visit()


def causes(*seen: Handshake) -> list[str]:
    """The root causes that the whole layer names."""
    return [finding.check.id for finding in findings(seen) if finding.is_cause]


def findings(seen: Iterable[Handshake]) -> tuple[Finding, ...]:
    from diagnose.checking.registry import layer_checks
    from diagnose.checking.root_cause import claims
    from diagnose.checking.root_cause import findings as found
    from tests.support.check_evidence import SHOP

    crashes: list[object] = []
    raised = claims(layer_checks("certificate"), Evidence(SHOP, NOW, tuple(seen)), crashes.append)
    assert not crashes
    return found(raised)


LIVE = "/etc/letsencrypt/live/shop.example.com"
OTHER_FILE = OtherCertificate(
    path=f"{LIVE}/fullchain.pem",
    leaf=replace(LEAF, issuer="CN=R13,O=Let's Encrypt,C=US", sha256="05"),
    public="pp",
    key=f"{LIVE}/privkey.pem",
    tool="certbot",
)


def in_use(certificate: Certificate) -> CertificateFile:
    """The file that the configuration of `tests.serving` names, with this in it."""
    return CertificateFile(
        path="/etc/nginx/shop.pem", sha256=certificate.sha256, chain=(certificate,)
    )


def diffs(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))
