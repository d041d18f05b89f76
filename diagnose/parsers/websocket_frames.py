"""What is wrong with bytes that a server sends after its 101, as browsers judge it. No I/O."""

from diagnose.model.http import Violation

_HTTP = b"HTTP/1."

#: Bytes that show what a beginning is, if it is no frame: "HTTP/1." and one more.
ENOUGH = 8

#: Opcodes of RFC 6455 section 5.2.
_OPCODES = {0, 1, 2, 8, 9, 10}

#: Fragments of the messages of the websockets library, each with its violation.
_MESSAGES: tuple[tuple[str, Violation], ...] = (
    ("masking", "masked"),
    ("reserved bits", "reserved-bits"),
    ("invalid opcode", "opcode"),
    ("control frame", "control-frame"),
    ("continuation frame", "fragment"),
    ("fragmented message", "fragment"),
    ("close frame", "close-frame"),
    ("status code", "close-frame"),
    ("utf-8", "close-frame"),
    ("decompression", "deflate"),
    ("RSV1", "deflate"),
)


def is_http(data: bytes) -> bool:
    """Whether bytes begin an HTTP response (RFC 9112 section 4)."""
    return data.startswith(_HTTP)


def is_text(data: bytes) -> bool:
    """Whether bytes begin a readable text. No frame does: its first two bytes hold a bit or a
    number that is no printable character, but for the rarest lengths of a fragment."""
    beginning = data[:32]
    return len(beginning) >= 2 and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in beginning)


def first_frame_violation(data: bytes, may_compress: bool) -> Violation:
    """Return what is wrong with the head of a server's first frame (RFC 6455 section 5.2), "" if
    nothing is. `may_compress`: permessage-deflate was negotiated, and RSV1 marks a compressed
    message (RFC 7692 section 7.2.1)."""
    if is_text(data):
        return "text"
    if not data:
        return ""
    opcode, reserved, length = data[0] & 0x0F, data[0] & 0x70, data[1] & 0x7F if data[1:] else 0
    if data[1:] and data[1] & 0x80:
        return "masked"
    if reserved == 0x40 and opcode in {1, 2}:
        return "" if may_compress else "compressed"
    if reserved:
        return "reserved-bits"
    if opcode not in _OPCODES:
        return "opcode"
    if opcode >= 8 and (not data[0] & 0x80 or length > 125):
        return "control-frame"
    return "" if _is_shortest_length(length, data) else "length"


def _is_shortest_length(length: int, data: bytes) -> bool:
    """Whether the length is written in the fewest bytes, as section 5.2 demands. True while it has
    not arrived."""
    if length == 126 and len(data) >= 4:
        return int.from_bytes(data[2:4]) > 125
    if length == 127 and len(data) >= 10:
        return 0xFFFF < int.from_bytes(data[2:10]) < 1 << 63
    return True


def violation_of(error: Exception) -> Violation:
    """Return the violation that an exception of the websockets library reports."""
    message = str(error).lower()
    return next((name for text, name in _MESSAGES if text.lower() in message), "other")
