"""Parse TLS records, messages and alerts, and build a ClientHello. No I/O.

A ClientHello of our own can ask what a TLS library no longer allows: whether a server still accepts
TLS 1.0 (libraries and distributions disable it), which cipher suite it prefers among all, and
whether it staples an OCSP response. Up to TLS 1.2 a server's first flight is not encrypted (RFC
5246 section 7.3), so it can be read without a key.
"""

import os
import struct
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.tls import Alert
from diagnose.parsers.sanitize import clean

ALERT, HANDSHAKE = 21, 22

#: Types of handshake messages (RFC 8446 section 4, RFC 6066 section 8, RFC 8879).
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_DONE = 1, 2, 11, 14
CERTIFICATE_REQUEST, CERTIFICATE_STATUS = 13, 22
SERVER_KEY_EXCHANGE = 12

#: https://www.iana.org/assignments/tls-parameters, TLS Supported Groups
GROUPS = {
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    29: "x25519",
    30: "x448",
    31: "brainpoolP256r1tls13",
    32: "brainpoolP384r1tls13",
    33: "brainpoolP512r1tls13",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
}

VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2"}
TLS1_1, TLS1_2 = 0x0302, 0x0303

#: https://www.iana.org/assignments/tls-parameters, TLS Alerts
ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
    121: "ech_required",
}

#: Cipher suites up to TLS 1.2 that a server may prefer, the modern ones first (the registry's TLS
#: Cipher Suites). Any other suite is shown by its number.
SUITES = {
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0x003C: "TLS_RSA_WITH_AES_128_CBC_SHA256",
    0x003D: "TLS_RSA_WITH_AES_256_CBC_SHA256",
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
    0xC0AC: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
    0xC0AD: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    0xC05C: "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256",
    0xC060: "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256",
    0xC072: "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256",
    0xC076: "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256",
    0x0041: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
    0x0084: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA",
    0x0096: "TLS_RSA_WITH_SEED_CBC_SHA",
    0xC008: "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
    0xC012: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
    0x000A: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    0xC007: "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    0xC011: "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    0x0005: "TLS_RSA_WITH_RC4_128_SHA",
    0x0004: "TLS_RSA_WITH_RC4_128_MD5",
    0x0009: "TLS_RSA_WITH_DES_CBC_SHA",
    0x0034: "TLS_DH_anon_WITH_AES_128_CBC_SHA",
    0xC018: "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
    0x003B: "TLS_RSA_WITH_NULL_SHA256",
    0x0002: "TLS_RSA_WITH_NULL_SHA",
    0xC006: "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
    0xC010: "TLS_ECDHE_RSA_WITH_NULL_SHA",
}

_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x0100, 0x0101)
_SIGNATURES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0402, 0x0202),
)


#: What Chromium 156 offers: suites, X25519, P-256 and P-384, signatures with these curves or RSA.
#: BoringSSL has P-521 and Ed25519, and browsers built on it do not offer them.
_BROWSER_GROUPS = (0x001D, 0x0017, 0x0018)
_BROWSER_SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)
_BROWSER_SUITES = (
    *(0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014),
    *(0x009C, 0x009D, 0x002F, 0x0035),
)
#: The generator of P-256 (SEC 2 section 2.4.2): a valid public key, which nobody uses.
_P256_POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


@frozen
class Flight:
    """The first messages of a server, as far as they can be read without a key.

    `version` is the version that the server chose ("" without a ServerHello); `messages` holds the
    types of its handshake messages in order.
    """

    version: str = ""
    cipher: str = ""
    messages: tuple[int, ...] = ()
    alert: Alert | None = None

    @property
    def complete(self) -> bool:
        """Whether the flight ended with ServerHelloDone or an alert, so nothing more follows."""
        return SERVER_DONE in self.messages or self.alert is not None


def make_alert(level: int, code: int) -> Alert:
    return Alert(level, code, ALERTS.get(code, f"alert {code}"))


def looks_like_tls(data: bytes) -> bool:
    """Return whether a stream that begins like this can be TLS (RFC 8446 section 5.1: type, 3,
    minor)."""
    return not data or (20 <= data[0] <= 24 and data[1:2] in {b"", b"\x03"})


def records(data: bytes) -> list[tuple[int, bytes]]:
    """Return the complete records at the beginning: type and content."""
    tls_records, offset = [], 0
    while offset + 5 <= len(data):
        kind, _, size = struct.unpack_from("!BHH", data, offset)
        if offset + 5 + size > len(data):
            break
        tls_records.append((kind, data[offset + 5 : offset + 5 + size]))
        offset += 5 + size
    return tls_records


def flight(data: bytes) -> Flight:
    """Parse the unencrypted part of a server's first flight."""
    handshake, alert = b"", None
    for kind, content in records(data):
        if kind == HANDSHAKE:
            handshake += content
        elif kind == ALERT and len(content) == 2:
            alert = make_alert(content[0], content[1])
            break
        else:
            break
    version = cipher = ""
    message_types = []
    for kind, body in messages(handshake):
        message_types.append(kind)
        if kind == SERVER_HELLO and len(body) >= 38:
            version, cipher = _server_choice(body)
    return Flight(version, cipher, tuple(message_types), alert)


def chosen_alpn(data: bytes) -> str:
    """Return the protocol that a ServerHello selects (RFC 7301 section 3.1; up to TLS 1.2, where it
    is not encrypted), or ""."""
    handshake = b"".join(content for kind, content in records(data) if kind == HANDSHAKE)
    hello = next((body for kind, body in messages(handshake) if kind == SERVER_HELLO), b"")
    for kind, content in _extensions(hello):
        if kind == 16 and len(content) > 3:
            return clean(content[3 : 3 + content[2]], 40)
    return ""


def negotiated_group(kind: int, body: bytes) -> str:
    """Return the group of the key exchange that a message names: a ServerHello of TLS 1.3 (RFC 8446
    section 4.2.8) or a ServerKeyExchange (RFC 8422 section 5.4); "" if it names none. An unknown
    one is returned as a number."""
    number = 0
    if kind == SERVER_HELLO:
        for extension, content in _extensions(body):
            if extension == 51 and len(content) >= 2:
                number = int.from_bytes(content[:2], "big")
    elif kind == SERVER_KEY_EXCHANGE and len(body) >= 3 and body[0] == 3:
        number = int.from_bytes(body[1:3], "big")
    return GROUPS.get(number, f"0x{number:04x}") if number else ""


def _extensions(hello: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the extensions of a ServerHello: type and content."""
    offset = 35 + (hello[34] if len(hello) > 34 else 0) + 5
    while offset + 4 <= len(hello):
        kind, size = struct.unpack_from("!HH", hello, offset)
        yield kind, hello[offset + 4 : offset + 4 + size]
        offset += 4 + size


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """Return the complete handshake messages at the beginning: type and body (RFC 8446 section
    4)."""
    handshake_messages, offset = [], 0
    while offset + 4 <= len(data):
        size = int.from_bytes(data[offset + 1 : offset + 4], "big")
        if offset + 4 + size > len(data):
            break
        handshake_messages.append((data[offset], data[offset + 4 : offset + 4 + size]))
        offset += 4 + size
    return handshake_messages


def certificates(body: bytes, tls13: bool) -> tuple[bytes, ...]:
    """Return the complete certificates of a Certificate message in DER, the leaf first (RFC 8446
    section 4.4.2, RFC 5246 section 7.4.2)."""
    offset = 0
    if tls13:
        offset = 1 + body[0] if body else 0
    end = min(offset + 3 + int.from_bytes(body[offset : offset + 3], "big"), len(body))
    offset += 3
    ders = []
    while offset + 3 <= end:
        size = int.from_bytes(body[offset : offset + 3], "big")
        if offset + 3 + size > end:
            break
        ders.append(body[offset + 3 : offset + 3 + size])
        offset += 3 + size
        if tls13:
            offset += 2 + int.from_bytes(body[offset : offset + 2], "big")
    return tuple(der for der in ders if der)


def client_hello(server_name: str | None, version: int, staple: bool = False) -> bytes:
    """Return a ClientHello for at most `version` that offers every known suite, in one record (RFC
    5246 section 7.4.1.2). `staple` requests an OCSP response (RFC 6066 section 8)."""
    extensions = b""
    if server_name:
        name = server_name.encode("ascii", "ignore")
        extensions += _extension(0, _length_prefixed(2, b"\0" + _length_prefixed(2, name)))
    if staple:
        extensions += _extension(5, b"\x01\0\0\0\0")
    extensions += _extension(10, _length_prefixed(2, _packed_uint16s(_GROUPS)))
    extensions += _extension(11, b"\x01\0")
    if version >= TLS1_2:
        extensions += _extension(13, _length_prefixed(2, _packed_uint16s(_SIGNATURES)))
    extensions += _extension(23, b"")
    extensions += _extension(0xFF01, b"\0")
    body = struct.pack("!H", version) + os.urandom(32) + b"\0"
    body += (
        _length_prefixed(2, _packed_uint16s(SUITES)) + b"\x01\0" + _length_prefixed(2, extensions)
    )
    message = bytes([CLIENT_HELLO]) + _length_prefixed(3, body)
    return struct.pack("!BH", HANDSHAKE, 0x0301) + _length_prefixed(2, message)


def browser_hello(server_name: str | None) -> bytes:
    """Return a ClientHello for TLS 1.2 and 1.3 with the suites, groups and signature algorithms of
    Chromium (RFC 8446 section 4.1.2). A server without a certificate for them sends an alert.
    """
    extensions = b""
    if server_name:
        name = server_name.encode("ascii", "ignore")
        extensions += _extension(0, _length_prefixed(2, b"\0" + _length_prefixed(2, name)))
    extensions += _extension(10, _length_prefixed(2, _packed_uint16s(_BROWSER_GROUPS)))
    extensions += _extension(11, b"\x01\0")
    extensions += _extension(13, _length_prefixed(2, _packed_uint16s(_BROWSER_SIGNATURES)))
    extensions += _extension(23, b"")
    extensions += _extension(43, _length_prefixed(1, b"\x03\x04\x03\x03"))
    keys = {0x001D: os.urandom(32), 0x0017: _P256_POINT}
    shares = b"".join(
        struct.pack("!H", group) + _length_prefixed(2, key) for group, key in keys.items()
    )
    extensions += _extension(51, _length_prefixed(2, shares))
    extensions += _extension(0xFF01, b"\0")
    suites = _packed_uint16s(_BROWSER_SUITES)
    body = struct.pack("!H", TLS1_2) + os.urandom(32) + _length_prefixed(1, os.urandom(32))
    body += _length_prefixed(2, suites) + b"\x01\0" + _length_prefixed(2, extensions)
    message = bytes([CLIENT_HELLO]) + _length_prefixed(3, body)
    return struct.pack("!BH", HANDSHAKE, 0x0301) + _length_prefixed(2, message)


def printable(data: bytes) -> str:
    """Return the beginning of data that is not TLS, as text."""
    return clean(data[:256], 120)


def _server_choice(body: bytes) -> tuple[str, str]:
    number = int.from_bytes(body[:2], "big")
    offset = 35 + body[34]
    suite = int.from_bytes(body[offset : offset + 2], "big")
    return VERSIONS.get(number, f"0x{number:04x}"), SUITES.get(suite, f"0x{suite:04x}")


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack("!H", kind) + _length_prefixed(2, body)


def _length_prefixed(width: int, data: bytes) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _packed_uint16s(values: "tuple[int, ...] | dict[int, str]") -> bytes:
    return b"".join(struct.pack("!H", value) for value in values)
