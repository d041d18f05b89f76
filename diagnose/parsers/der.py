"""Parse the parts of DER (X.690) that certificates need. No I/O. The size is bounded; lengths may
be longer than necessary, as OpenSSL accepts them too."""

from diagnose.model.frozen import frozen

SEQUENCE, SET, OID = 0x30, 0x31, 0x06
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING = 0x01, 0x02, 0x03, 0x04
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18

#: Most elements of one sequence that are read.
MAX_ELEMENTS = 4096


@frozen
class Element:
    """One value: the tag's octet, the content, and the whole encoding with tag and length."""

    tag: int
    content: bytes
    encoded: bytes


def elements(data: bytes) -> tuple[Element, ...]:
    """Return the consecutive values in the data. Raises ValueError if they do not fill it."""
    values: list[Element] = []
    offset = 0
    while offset < len(data) and len(values) < MAX_ELEMENTS:
        element = first_element(data, offset)
        values.append(element)
        offset += len(element.encoded)
    return tuple(values)


def first_element(data: bytes, offset: int = 0) -> Element:
    """Return the value that begins at this offset. Raises ValueError if there is none."""
    if len(data) < offset + 2 or data[offset] & 0x1F == 0x1F:
        raise ValueError("no DER")
    start, length = offset + 2, data[offset + 1]
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or len(data) < start + octets:
            raise ValueError("no DER length")
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    end = start + length
    if len(data) < end:
        raise ValueError("DER is cut short")
    return Element(data[offset], data[start:end], data[offset:end])


def sequence(data: bytes) -> tuple[Element, ...]:
    """Return the elements of a SEQUENCE. Raises ValueError for other data."""
    element = first_element(data)
    if element.tag != SEQUENCE:
        raise ValueError("no DER sequence")
    return elements(element.content)


def oid(content: bytes) -> str:
    """Return an object identifier in dotted form. Raises ValueError if it is invalid."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise ValueError("no object identifier")
    subidentifiers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            subidentifiers.append(value)
            value = 0
    first_arc = min(subidentifiers[0] // 40, 2)
    return ".".join(map(str, (first_arc, subidentifiers[0] - 40 * first_arc, *subidentifiers[1:])))
