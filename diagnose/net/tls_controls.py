"""TLS contexts for handshakes that are compared with a failed one."""

import contextlib
import ssl

from diagnose.net.tls import HandshakeResult, client_context
from diagnose.parsers import tls as tls_parser

# SSL_OP_LEGACY_SERVER_CONNECT
_LEGACY_SERVER = 1 << 2


def lenient_context() -> ssl.SSLContext:
    """Return a context without OpenSSL's limits.

    It accepts weak keys, parameters and signatures (SSL_CTX_set_security_level(3)) and unsafe
    renegotiation (RFC 5746).
    """
    ssl_context = client_context()
    with contextlib.suppress(ssl.SSLError):
        ssl_context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    ssl_context.options |= _LEGACY_SERVER
    return ssl_context


def no_dhe_context() -> ssl.SSLContext:
    """Return a context that does not offer finite-field Diffie-Hellman, like browsers."""
    ssl_context = client_context()
    with contextlib.suppress(ssl.SSLError):
        ssl_context.set_ciphers("DEFAULT:!kDHE:!aNULL:!eNULL:@SECLEVEL=2")
    return ssl_context


def p256_context() -> ssl.SSLContext:
    """Return a context like Android 7.0: TLS 1.2, and no group but P-256."""
    ssl_context = client_context()
    ssl_context.maximum_version = ssl.TLSVersion.TLSv1_2
    ssl_context.set_ecdh_curve("prime256v1")
    return ssl_context


def only_version(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a context that offers one version of TLS."""
    ssl_context = client_context()
    ssl_context.minimum_version = ssl_context.maximum_version = version
    return ssl_context


def wants_http2(handshake: HandshakeResult) -> bool:
    """Whether the server rejected a handshake because it wants HTTP/2.

    The server, offered only HTTP/1.1, either sent alert 120 (RFC 7301 section 3.2) or chose
    HTTP/2 unasked, which OpenSSL refuses.
    """
    if handshake.alert is not None and handshake.failure is not None:
        return handshake.alert.code == 120
    return handshake.failure is not None and tls_parser.chosen_alpn(handshake.first) == "h2"
