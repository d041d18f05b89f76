"""OCSP responses that servers staple."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from diagnose.parsers.ocsp import parse_response, stapled_response
from diagnose.parsers.tls import CERTIFICATE_STATUS
from tests.lab import certificates

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def response(revoked: bool = False) -> bytes:
    leaf = certificates.leaf()
    assert leaf.issuer
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=leaf.issuer.certificate,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=NOW - timedelta(days=7),
        next_update=NOW,
        revocation_time=NOW - timedelta(days=8) if revoked else None,
        revocation_reason=None,
    )
    key = ocsp.OCSPResponderEncoding.HASH
    signed = builder.responder_id(key, leaf.issuer.certificate)
    return signed.sign(leaf.issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def flight(der: bytes) -> bytes:
    """A flight with this response alone (RFC 6066 section 8)."""
    body = b"\1" + len(der).to_bytes(3, "big") + der
    message = bytes([CERTIFICATE_STATUS]) + len(body).to_bytes(3, "big") + body
    return b"\x16\3\3" + len(message).to_bytes(2, "big") + message


def test_a_response_says_until_when_it_holds() -> None:
    seen = parse_response(stapled_response(flight(response())))
    assert (seen.status, seen.stapled, seen.next_update) == ("good", True, NOW)


def test_a_response_says_that_the_certificate_was_revoked() -> None:
    seen = parse_response(response(revoked=True))
    assert (seen.status, seen.revoked_at) == ("revoked", NOW - timedelta(days=8))


@pytest.mark.parametrize(
    "data",
    [b"", b"\1", b"\x30\x03\x0a\x01\x06", response()[:-20]],
    ids=["empty", "short", "unauthorized", "cut"],
)
def test_what_is_no_response_raises(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_response(data)


def test_a_flight_without_one_has_none() -> None:
    assert stapled_response(b"") == b""
    assert stapled_response(flight(b"")) == b""
    assert stapled_response(flight(response())[:-1]) == b""
