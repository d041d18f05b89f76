"""The names of TLS in the ecosystem's files and metrics: its versions, and IANA's names of cipher
suites, which Go uses in place of OpenSSL's (RFC 5289, RFC 7905)."""

import re
import ssl

#: The versions as the configuration files write them.
TLS_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}

_SUITE = re.compile(
    r"(?:(?P<exchange>ECDHE|DHE)-(?P<sign>RSA|ECDSA)-)?"
    r"(?P<cipher>AES128|AES256|CHACHA20|CAMELLIA128|CAMELLIA256)"
    r"(?:-(?P<mode>GCM|CCM|CCM8))?-(?P<digest>SHA384|SHA256|SHA|POLY1305)"
)
_CIPHERS = {
    "AES128": "AES_128",
    "AES256": "AES_256",
    "CHACHA20": "CHACHA20",
    "CAMELLIA128": "CAMELLIA_128",
    "CAMELLIA256": "CAMELLIA_256",
}


def cipher_name(openssl_name: str) -> str:
    """Return IANA's name of a cipher suite; OpenSSL's if there is no rule for it."""
    match = _SUITE.fullmatch(openssl_name)
    if match is None:
        return openssl_name  # those of TLS 1.3 are IANA's
    exchange = f"{match['exchange']}_{match['sign']}" if match["exchange"] else "RSA"
    cipher = _CIPHERS[match["cipher"]]
    if match["digest"] == "POLY1305":
        return f"TLS_{exchange}_WITH_{cipher}_POLY1305_SHA256"
    return f"TLS_{exchange}_WITH_{cipher}_{match['mode'] or 'CBC'}_{match['digest']}"
