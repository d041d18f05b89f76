"""Parse X.509 certificates in DER or PEM (RFC 5280); no private keys. No I/O.

An ordinary certificate is read field by field (`diagnose.parsers.x509_fields`). Whatever is not
ordinary in any field is read by cryptography (`diagnose.parsers.x509_library`), whose import takes
about 40 ms. ADR 60.
"""

import contextlib
from functools import lru_cache

from diagnose.model.tls import Certificate
from diagnose.parsers import x509_fields


@lru_cache(maxsize=256)
def parse_certificate(der: bytes) -> Certificate:
    """Parse one certificate. Raises ValueError if it is not one."""
    certificate = x509_fields.parse_certificate(der)
    if x509_fields.is_ordinary(certificate):
        return certificate
    from diagnose.parsers import x509_library

    return x509_library.parse_certificate(der)


def public_key_der(der: bytes) -> bytes:
    """Return a certificate's SubjectPublicKeyInfo as `openssl pkey -pubout` writes it. Raises
    ValueError if it is not a certificate."""
    from diagnose.parsers import x509_library

    return x509_library.public_key_der(x509_fields.tbs_certificate(der).key)


def parse_chain(ders: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    """Parse a chain as it was sent, up to the first certificate that cannot be parsed."""
    certificates: list[Certificate] = []
    with contextlib.suppress(ValueError):
        certificates += (parse_certificate(der) for der in ders[:16])
    return tuple(certificates)
