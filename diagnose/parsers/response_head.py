"""Read the head of an HTTP/1.1 response as browsers do, and name what is wrong with it. No I/O.

A strict parser refuses a head that browsers and curl accept. Without a repaired copy nothing would
be known of such a response, although visitors see it.
"""

import re
from collections.abc import Iterable, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.http import HeaderFault
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

#: A header field, or a line that should be one, with its fault.
FaultyField = tuple[HeaderFault, str]

#: Maximum number of faulty fields that are kept.
MAX_FAULTS = 8

_HEAD_END = lazy_pattern(rb"\r?\n\r?\n")
_LINE_END = lazy_pattern(rb"\r?\n")
_STATUS_LINE = lazy_pattern(rb"HTTP/1\.[01] (\d{3})(?: |$)")
#: A field name is a token (RFC 9110 section 5.6.2).
_TOKEN = lazy_pattern(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
#: Control characters, which are not allowed in a value (RFC 9110 section 5.5), except the tab.
_CONTROL = lazy_pattern(rb"[\x01-\x08\x0b-\x1f\x7f]")

#: Fields of which browsers accept only one value: Chromium's ERR_RESPONSE_HEADERS_MULTIPLE_….
_SINGLE_FIELDS: dict[str, HeaderFault] = {
    "content-length": "different-lengths",
    "location": "different-locations",
    "content-disposition": "different-dispositions",
}


@frozen
class RepairedHead:
    """The same bytes with a head that a strict parser accepts, and what was wrong with it."""

    data: bytes
    faults: tuple[FaultyField, ...]


def repair_head(data: bytes) -> RepairedHead | None:
    """Repair the first response that is not interim; None if its head is incomplete, or if nothing
    in its fields is wrong."""
    start = _final_response(data)
    end = _HEAD_END.search(data, start)
    if end is None:
        return None
    status_line, *lines = _LINE_END.split(data[start : end.start()])
    if not _STATUS_LINE.match(status_line):
        return None
    faults: list[FaultyField] = []
    fields = [field for line in _unfolded(lines) if (field := _repaired_field(line, faults))]
    fields = _repaired_framing(fields, faults)
    if not faults:
        return None
    head = b"\r\n".join((status_line, *(b": ".join(field) for field in fields)))
    return RepairedHead(head + b"\r\n\r\n" + data[end.end() :], tuple(faults[:MAX_FAULTS]))


def _final_response(data: bytes) -> int:
    """Return where the first response begins that is not interim (RFC 9110 section 15.2)."""
    start = 0
    while match := _STATUS_LINE.match(data, start):
        end = _HEAD_END.search(data, start)
        if end is None or not match[1].startswith(b"1") or match[1] == b"101":
            break
        start = end.end()
    return start


def _unfolded(lines: Iterable[bytes]) -> list[bytes]:
    """Join lines that begin with white space to the line before (RFC 9112 section 5.2)."""
    unfolded: list[bytes] = []
    for line in lines:
        if line[:1] in {b" ", b"\t"} and unfolded:
            unfolded[-1] += b" " + line.strip()
        else:
            unfolded.append(line)
    return unfolded


def _repaired_field(line: bytes, faults: list[FaultyField]) -> tuple[bytes, bytes] | None:
    """Return the name and value of a field, or None if browsers pass over the line."""
    name, colon, value = line.partition(b":")
    if b"\0" in line:
        faults.append(("nul", _text(name)))
        return None
    if not colon:
        faults.append(("no-colon", ""))
        return None
    if not _TOKEN.fullmatch(name):
        faults.append(("field-name", _text(name)))
        return None
    if _CONTROL.search(value):
        faults.append(("control-character", _text(name)))
        value = _CONTROL.sub(b" ", value)
    return name, value.strip()


def _repaired_framing(
    fields: list[tuple[bytes, bytes]], faults: list[FaultyField]
) -> list[tuple[bytes, bytes]]:
    """Leave one Transfer-Encoding and one Content-Length, as browsers understand them."""
    kept_fields = [field for field in fields if field[0].lower() not in _FRAMING]
    codings = [coding.lower() for coding in _values(fields, b"transfer-encoding")]
    if codings not in ([], [b"chunked"]):
        faults.append(("transfer-coding", _text(b"Transfer-Encoding")))
    if b"chunked" in codings:
        kept_fields.append((b"Transfer-Encoding", b"chunked"))
    lengths = list(dict.fromkeys(_values(fields, b"content-length")))
    if any(not length.isdigit() for length in lengths):
        faults.append(("invalid-length", _text(b"Content-Length")))
    elif len(lengths) > 1:
        faults.append(("different-lengths", _text(b"Content-Length")))
    valid = [length for length in lengths if length.isdigit() and len(length) <= 18]
    return kept_fields + [(b"Content-Length", length) for length in valid[:1]]


_FRAMING = {b"transfer-encoding", b"content-length"}


def _values(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the members of a list field (RFC 9110 section 5.6.1)."""
    return [
        member.strip()
        for key, value in fields
        if key.lower() == name
        for member in value.split(b",")
        if member.strip()
    ]


def contradictions(headers: Sequence[tuple[str, str]]) -> tuple[FaultyField, ...]:
    """Return what contradicts itself in fields that a strict parser accepts."""
    values: dict[str, set[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), set()).add(value.strip())
    faults: list[FaultyField] = [
        (fault, name) for name, fault in _SINGLE_FIELDS.items() if len(values.get(name, ())) > 1
    ]
    if "content-length" in values and "transfer-encoding" in values:
        faults.append(("length-and-chunks", "content-length"))
    return tuple(faults)


#: Fields that belong to one connection, which HTTP/2 does not allow (RFC 9113 section 8.2.2).
_CONNECTION_FIELDS = {
    b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade",
}  # fmt: skip


def http2_faults(fields: Iterable[tuple[bytes, bytes]]) -> tuple[FaultyField, ...]:
    """Return what HTTP/2 forbids in the fields of a response (RFC 9113 sections 8.2.1, 8.2.2)."""
    faults = [
        (fault, _text(name)) for name, value in fields if (fault := _http2_fault(name, value))
    ]
    return tuple(dict.fromkeys(faults))[:MAX_FAULTS]


def _http2_fault(name: bytes, value: bytes) -> HeaderFault | None:
    if name.startswith(b":"):
        return None
    if name == b"transfer-encoding":
        return "transfer-coding"
    if name in _CONNECTION_FIELDS or (name == b"te" and value.lower() != b"trailers"):
        return "connection-field"
    if name != name.lower():
        return "upper-case"
    if not _TOKEN.fullmatch(name):
        return "field-name"
    return "control-character" if re.search(rb"[\0\n\r]", value) or _CONTROL.search(value) else None


def _text(name: bytes) -> str:
    return clean(name.decode("latin-1"), 60)
