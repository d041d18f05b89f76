"""What is offered in handshakes that are made to compare a failed one with."""

import contextlib
import ssl

from diagnose.net.tls import Secured, context
from diagnose.parsers import tls as wire

# SSL_OP_LEGACY_SERVER_CONNECT
_LEGACY_SERVER = 1 << 2


def lenient() -> ssl.SSLContext:
    """One without OpenSSL's own limits on the strength of keys, parameters and signatures
    (SSL_CTX_set_security_level(3)) and on renegotiation (RFC 5746)."""
    made = context()
    with contextlib.suppress(ssl.SSLError):
        made.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    made.options |= _LEGACY_SERVER
    return made


def without_dhe() -> ssl.SSLContext:
    """One that offers no finite-field Diffie-Hellman, as browsers do not."""
    made = context()
    with contextlib.suppress(ssl.SSLError):
        made.set_ciphers("DEFAULT:!kDHE:!aNULL:!eNULL:@SECLEVEL=2")
    return made


def wants_http2(done: Secured) -> bool:
    """Whether a server that was offered HTTP/1.1 only wants another: by alert 120 (RFC 7301 section
    3.2), or it chose HTTP/2 unasked, which OpenSSL refuses."""
    if done.alert is not None and done.failure is not None:
        return done.alert.code == 120
    return done.failure is not None and wire.chosen_alpn(done.first) == "h2"
