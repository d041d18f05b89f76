"""Whether a body has the coding that its Content-Encoding names (RFC 9110 section 8.4). No I/O.

gzip and deflate are decoded. Of br and zstd only the first bytes are looked at: they show a body
that was never compressed.
"""

import zlib

from diagnose.model.http import CodingFault

#: Names and aliases (RFC 9110 section 8.4.1). Browsers do not decode if another word is there.
_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}

#: The beginning of a gzip member (RFC 1952 section 2.3.1), and of a zstd frame (RFC 8878 section
#: 3.1.1). A frame that may be skipped begins with 0x50 to 0x5f and 2A 4D 18.
_GZIP = b"\x1f\x8b\x08"
_ZSTD, _ZSTD_SKIPPED = b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18"

#: Bytes with which text begins and no brotli stream can: RFC 7932 section 9.2 reserves a bit that
#: "<" sets, and after "{" the stream would be over.
_NOT_BROTLI = b"<{"

#: zlib's words for a wrong checksum or length at the end.
_CHECKSUM_ERRORS = ("incorrect data check", "incorrect length check")

#: At most so many decoded bytes: what follows is not looked at.
MAX_DECODED = 1 << 20

#: Media types that browsers show as text.
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


def codings_of(field: str) -> tuple[str, ...] | None:
    """Return the codings in the order in which they were applied; None if browsers would not
    decode, because one is unknown."""
    words = [word.strip().lower() for word in field.split(",") if word.strip()]
    codings = [_CODINGS.get(word) for word in words if word != "identity"]
    return tuple(coding for coding in codings if coding) if all(codings) else None


class CodingTest:
    """Takes a body piece by piece and tells whether it has the coding that its header names."""

    def __init__(self, field: str, media_type: str) -> None:
        codings = codings_of(field)
        self._ignored = codings is None
        self._decoders = [_Decoder(coding) for coding in reversed(codings or ())]
        self._text = media_type.strip().lower().startswith(_TEXT_TYPES)
        self._decoded = 0
        self._beginning = b""

    def feed(self, data: bytes) -> None:
        if self._decoded >= MAX_DECODED:
            return
        for decoder in self._decoders:
            data = decoder.decode(data, MAX_DECODED)
        self._decoded += len(data)
        self._beginning = (self._beginning + data[:4])[:4]

    @property
    def fault(self) -> CodingFault:
        """Return what is wrong, as far as the body was read; "" if nothing is."""
        if self._ignored:
            return ""
        if any(decoder.is_wrong for decoder in self._decoders):
            return "invalid"
        is_gzip = self._text and self._beginning.startswith(_GZIP)
        return "" if not is_gzip else "twice" if self._decoders else "unnamed"


class _Decoder:
    def __init__(self, coding: str) -> None:
        self.coding, self.is_wrong = coding, False
        self._beginning, self._held = b"", b""
        self._inflater: zlib._Decompress | None = None

    def decode(self, data: bytes, limit: int) -> bytes:
        """Return decoded bytes, or b"" for a coding that is only looked at."""
        if self.is_wrong:
            return b""
        self._beginning = (self._beginning + data[:4])[:4]
        match self.coding:
            case "br":
                self.is_wrong = self._beginning[:1] in {bytes([byte]) for byte in _NOT_BROTLI}
            case "zstd":
                self.is_wrong = len(self._beginning) == 4 and not _is_zstd(self._beginning)
            case _:
                return self._inflate(data, limit)
        return b""

    def _inflate(self, data: bytes, limit: int) -> bytes:
        if self._inflater is None:
            data = self._held + data
            if len(data) < 2:
                self._held = data
                return b""
            self._inflater = zlib.decompressobj(self._window_bits(data))
        if self._inflater.eof:
            return b""  # browsers pass over what follows the end
        try:
            return self._inflater.decompress(data, limit)
        except zlib.error as error:
            # Browsers do not compare the checksum at the end (RFC 1952 section 2.3.1).
            self.is_wrong = not any(check in str(error) for check in _CHECKSUM_ERRORS)
            return b""

    def _window_bits(self, data: bytes) -> int:
        """zlib's manual, inflateInit2: 16 stands for gzip's header, a negative number for none."""
        if self.coding == "gzip":
            return zlib.MAX_WBITS | 16
        # Some servers send deflate without zlib's header (RFC 9110 section 8.4.1.2, note).
        has_header = (
            len(data) > 1 and data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        )
        return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS


def _is_zstd(beginning: bytes) -> bool:
    return beginning == _ZSTD or (beginning[1:] == _ZSTD_SKIPPED and 0x50 <= beginning[0] <= 0x5F)
