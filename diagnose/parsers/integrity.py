"""Whether a file has a hash that its page demands (W3C Subresource Integrity). No I/O."""

import base64
import binascii
import hashlib
import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: The strongest first: weaker hashes beside it do not count (section 3.3.4).
_ALGORITHMS = ("sha512", "sha384", "sha256")
_HASH = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/_-]{1,128}={0,2})(?:\?\S{0,99})?")

#: Hashes of one file that are compared.
_MAX_HASHES = 16

#: Chromium and Safari; Firefox names the attribute in every language.
_TOLD = lazy_pattern(
    r"valid digest in the .integrity.|hash(?:es)? in the integrity attribute"
    r"|\bsha-?(?:256|384|512)\b.{0,120}?\bintegrity\b|\bintegrity\b.{0,160}?\bsha-?(?:256|384|512)\b"
    r"|\bsubresource integrity\b",
    re.IGNORECASE,
)


def tells_of_integrity(text: str) -> bool:
    """Return whether a message says that a file has none of the hashes that its page demands."""
    return _TOLD.search(text) is not None


def integrity_fails(metadata: str, content: bytes) -> bool:
    """Return whether browsers refuse a file with this content: its page names hashes that they
    know, and none of the strongest kind is the file's."""
    hashes = [
        (match[1].lower(), match[2])
        for word in metadata.split()[:_MAX_HASHES]
        if (match := _HASH.fullmatch(word))
    ]
    strongest = next(
        (name for name in _ALGORITHMS if any(name == algorithm for algorithm, _ in hashes)), ""
    )
    if not strongest:
        return False
    digest = hashlib.new(strongest, content).digest()
    return all(_decoded(text) != digest for name, text in hashes if name == strongest)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        return b""
