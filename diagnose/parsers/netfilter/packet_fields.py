"""What a field of a packet holds, and whether that is one of the values asked for."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TypeAlias

from diagnose.parsers.netfilter.address_sets import Region, inside, outside, region
from diagnose.parsers.netfilter.rules import Element, Op, Span


class Special(Enum):
    SOURCE = "the address the connection comes from"
    UNKNOWN = "it has a value, and nobody knows which"
    ABSENT = "the packet has no such field: no rule with it matches"


SOURCE, UNKNOWN, ABSENT = Special.SOURCE, Special.UNKNOWN, Special.ABSENT
#: A number, a name, one number of a span, or something special.
Value: TypeAlias = int | str | tuple[int, int] | Special
#: Yes, no, nobody knows, or: yes for these sources.
Answer: TypeAlias = bool | Region | None

#: Headers of other packets than TCP's.
OTHER_PROTOCOLS = frozenset({
    "udp", "udplite", "icmp", "icmpv6", "igmp", "sctp", "dccp", "ah", "esp", "comp", "gre",
    "gretap", "vxlan", "geneve", "arp", "vlan",
})  # fmt: skip


def compare(value: Value, op: Op, elements: Sequence[Element], mask: int | None) -> bool | None:
    """For all but the source."""
    if value is ABSENT:
        return False
    if isinstance(value, Special):
        return None
    if mask is not None:
        if not isinstance(value, int):
            return None
        value &= mask
    if op in ("==", "!="):
        found = _any(fits(value, one[0]) if one else True for one in elements)
        return found if op == "==" or found is None else not found
    return _order(value, op, elements) if op in _ORDERS else _bits(value, op, elements)


def fits(value: Value, span: Span) -> bool | None:
    match value, span:
        case int(), (low, high):
            return low <= value <= high
        case str(), str():
            return value.startswith(span[:-1]) if span[-1:] == "*" else value == span
        case (int() as first, int() as last), (low, high):
            if low <= first and last <= high:
                return True
            return False if last < low or high < first else None
        case "", (int(), int()):
            return False
    return None


def _any(answers: Iterable[bool | None]) -> bool | None:
    unsure = False
    for answer in answers:
        if answer:
            return True
        unsure |= answer is None
    return None if unsure else False


_ORDERS = ("<", "<=", ">", ">=")


def _order(value: Value, op: Op, elements: Sequence[Element]) -> bool | None:
    (limit,) = elements[0]
    if isinstance(limit, str) or isinstance(value, str | Special):
        return None
    first, last = (value, value) if isinstance(value, int) else value
    span = _ordered(op, limit[0])
    return fits((first, last), span)


def _ordered(op: Op, limit: int) -> tuple[int, int]:
    least, most = -1, 1 << 128
    match op:
        case "<":
            return least, limit - 1
        case "<=":
            return least, limit
        case ">":
            return limit + 1, most
    return limit, most


def _bits(value: Value, op: Op, elements: Sequence[Element]) -> bool | None:
    asked = 0
    for (span,) in elements:
        if isinstance(span, str):
            return None
        asked |= span[0]
    if not isinstance(value, int):
        return None
    return bool(value & asked) if op == "in" else not value & asked


def of_source(
    of: Region, op: Op, elements: Sequence[Element], mask: int | None, width: int
) -> Answer:
    """For which of these sources it is true."""
    spans = _spans(of, op, elements, mask, width)
    if spans is None:
        return None
    return whole(of, outside(of, spans) if op == "!=" else inside(of, spans))


def whole(of: Region, part: Region) -> Answer:
    """All of them and none of them are plain answers."""
    if not part:
        return False
    return True if not outside(of, part) else part


def _spans(
    of: Region, op: Op, elements: Sequence[Element], mask: int | None, width: int
) -> Region | None:
    everything = (0, (1 << width) - 1)
    spans = [one[0] if one else everything for one in elements]
    found = [span for span in spans if not isinstance(span, str)]
    if len(found) < len(spans) or op in ("in", "!"):
        return None
    if op in _ORDERS:
        return (_ordered(op, found[0][0]),)
    if mask is None:
        return region(found)
    if len(of) == 1 and of[0][0] == of[0][1]:
        return of if any(low <= of[0][0] & mask <= high for low, high in found) else ()
    rest = ~mask & everything[1]
    if rest & (rest + 1):
        return None
    return region((low, high | rest) for low, high in found if low & rest == 0)
