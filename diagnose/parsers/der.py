"""DER (X.690) as far as a certificate needs it. Pure, bounded, and lenient: lengths may be longer
than they must be, as OpenSSL takes them too."""

from diagnose.model.frozen import frozen

SEQUENCE, SET, OID = 0x30, 0x31, 0x06
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING = 0x01, 0x02, 0x03, 0x04
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18

#: Elements of one sequence that are read at most.
MOST = 4096


@frozen
class Element:
    """One value: its tag's octet, its content, and both with the length as they stand there."""

    tag: int
    content: bytes
    whole: bytes


def elements(data: bytes) -> tuple[Element, ...]:
    """The values that stand one behind the other. ValueError where they do not fill the data."""
    found: list[Element] = []
    at = 0
    while at < len(data) and len(found) < MOST:
        element = first(data, at)
        found.append(element)
        at += len(element.whole)
    return tuple(found)


def first(data: bytes, at: int = 0) -> Element:
    """The value that begins at this offset. ValueError where there is none."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:
        raise ValueError("no DER")
    start, length = at + 2, data[at + 1]
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or len(data) < start + octets:
            raise ValueError("no DER length")
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    end = start + length
    if len(data) < end:
        raise ValueError("DER is cut short")
    return Element(data[at], data[start:end], data[at:end])


def sequence(data: bytes) -> tuple[Element, ...]:
    """What a SEQUENCE holds. ValueError where the data is none."""
    element = first(data)
    if element.tag != SEQUENCE:
        raise ValueError("no DER sequence")
    return elements(element.content)


def oid(content: bytes) -> str:
    """An object identifier, dotted. ValueError where it is none."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise ValueError("no object identifier")
    numbers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    head = min(numbers[0] // 40, 2)
    return ".".join(map(str, (head, numbers[0] - 40 * head, *numbers[1:])))
