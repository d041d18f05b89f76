"""Why a TLS library refuses the certificate or the key of a web server, by its message. No I/O.

OpenSSL (Apache, HAProxy, nginx): the reasons of SSL_CTX_use_certificate(3), PEM_read_bio(3) and
SSL_CTX_set_security_level(3). Go (Caddy): crypto/tls, X509KeyPair.
"""

import re
from typing import Literal

#: "small-key" and "weak-hash": below the security level. "mismatch": another certificate's key.
#: "swapped": a key in the place of a certificate. "damaged": a broken line or block. "nothing": no
#: PEM block at all.
RefusalReason = Literal["small-key", "weak-hash", "mismatch", "swapped", "damaged", "nothing"]

_REASONS: tuple[tuple[RefusalReason, str], ...] = (
    ("small-key", r"\b(?:ee|ca) key too small"),
    ("weak-hash", r"\b(?:ee|ca) md too weak"),
    (
        "mismatch",
        r"key (?:values|type) mismatch|private key (?:type )?does not match public key"
        r"|inconsistencies between private key|AH02565: ",
    ),
    ("swapped", r"but did find a private key"),
    (
        "damaged",
        r"bad end line|bad base64 decode|asn1 encoding routines|wrong tag|header too long"
        r"|x509: (?:malformed|invalid|inner and outer)",
    ),
    ("nothing", r"no start line|failed to find any PEM data|No supported data to decode"),
)

#: Characters of a message that are read.
_MAX_TEXT = 2000


def refusal_reason(message: str) -> RefusalReason | None:
    """Return the reason in a message of Apache, Caddy, HAProxy or nginx; None if it is about
    something else."""
    text = message[:_MAX_TEXT]
    return next(
        (reason for reason, words in _REASONS if re.search(words, text, re.IGNORECASE)), None
    )
