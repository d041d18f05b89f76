"""What is offered in handshakes that are made to compare a failed one with."""

import contextlib
import ssl

from diagnose.net.tls import HandshakeResult, client_context
from diagnose.parsers import tls as tls_parser

# SSL_OP_LEGACY_SERVER_CONNECT
_LEGACY_SERVER = 1 << 2


def lenient_context() -> ssl.SSLContext:
    """One without OpenSSL's own limits on the strength of keys, parameters and signatures
    (SSL_CTX_set_security_level(3)) and on renegotiation (RFC 5746)."""
    ssl_context = client_context()
    with contextlib.suppress(ssl.SSLError):
        ssl_context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    ssl_context.options |= _LEGACY_SERVER
    return ssl_context


def no_dhe_context() -> ssl.SSLContext:
    """One that offers no finite-field Diffie-Hellman, as browsers do not."""
    ssl_context = client_context()
    with contextlib.suppress(ssl.SSLError):
        ssl_context.set_ciphers("DEFAULT:!kDHE:!aNULL:!eNULL:@SECLEVEL=2")
    return ssl_context


def wants_http2(handshake: HandshakeResult) -> bool:
    """Whether a server that was offered HTTP/1.1 only wants another: by alert 120 (RFC 7301 section
    3.2), or it chose HTTP/2 unasked, which OpenSSL refuses."""
    if handshake.alert is not None and handshake.failure is not None:
        return handshake.alert.code == 120
    return handshake.failure is not None and tls_parser.chosen_alpn(handshake.first) == "h2"
