"""Values of packet fields, and their comparison with the values that a rule matches."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TypeAlias

from diagnose.parsers.netfilter.address_sets import Region, difference, intersection, region
from diagnose.parsers.netfilter.rules import Element, Op, Span


class Special(Enum):
    SOURCE = "the address the connection comes from"
    UNKNOWN = "it has a value, and nobody knows which"
    ABSENT = "the packet has no such field: no rule with it matches"


SOURCE, UNKNOWN, ABSENT = Special.SOURCE, Special.UNKNOWN, Special.ABSENT
#: A number, a name, an unknown number within a span, or a special value.
Value: TypeAlias = int | str | tuple[int, int] | Special
#: Yes, no, unknown (None), or yes for these sources only.
Answer: TypeAlias = bool | Region | None

#: Protocols whose headers a TCP packet does not have.
OTHER_PROTOCOLS = frozenset({
    "udp", "udplite", "icmp", "icmpv6", "igmp", "sctp", "dccp", "ah", "esp", "comp", "gre",
    "gretap", "vxlan", "geneve", "arp", "vlan",
})  # fmt: skip


def compare(value: Value, op: Op, elements: Sequence[Element], mask: int | None) -> bool | None:
    """Compare any value except SOURCE; None if the result is unknown."""
    if value is ABSENT:
        return False
    if isinstance(value, Special):
        return None
    if mask is not None:
        if not isinstance(value, int):
            return None
        value &= mask
    if op in ("==", "!="):
        is_member = _any(
            span_contains(value, element[0]) if element else True for element in elements
        )
        return is_member if op == "==" or is_member is None else not is_member
    return _compare_order(value, op, elements) if op in _ORDERS else _bits(value, op, elements)


def span_contains(value: Value, span: Span) -> bool | None:
    """Return whether a value is in a range of numbers, or is a name ("eth*" is a prefix). None if
    only a part of a range of values is in it, or if they cannot be compared."""
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


def _compare_order(value: Value, op: Op, elements: Sequence[Element]) -> bool | None:
    (limit,) = elements[0]
    if isinstance(limit, str) or isinstance(value, str | Special):
        return None
    first, last = (value, value) if isinstance(value, int) else value
    span = _bounds(op, limit[0])
    return span_contains((first, last), span)


def _bounds(op: Op, limit: int) -> tuple[int, int]:
    minimum, maximum = -1, 1 << 128
    match op:
        case "<":
            return minimum, limit - 1
        case "<=":
            return minimum, limit
        case ">":
            return limit + 1, maximum
    return limit, maximum


def _bits(value: Value, op: Op, elements: Sequence[Element]) -> bool | None:
    mask = 0
    for (span,) in elements:
        if isinstance(span, str):
            return None
        mask |= span[0]
    if not isinstance(value, int):
        return None
    return bool(value & mask) if op == "in" else not value & mask


def matching_sources(
    sources: Region, op: Op, elements: Sequence[Element], mask: int | None, width: int
) -> Answer:
    """Return the sources for which the comparison is true."""
    spans = _spans(sources, op, elements, mask, width)
    if spans is None:
        return None
    return simplify_answer(
        sources, difference(sources, spans) if op == "!=" else intersection(sources, spans)
    )


def simplify_answer(sources: Region, part: Region) -> Answer:
    """Return True for all sources, False for none, otherwise the part."""
    if not part:
        return False
    # Neither has adjacent spans: all of them cannot be fewer.
    return True if len(part) >= len(sources) and not difference(sources, part) else part


def _spans(
    sources: Region, op: Op, elements: Sequence[Element], mask: int | None, width: int
) -> Region | None:
    everything = (0, (1 << width) - 1)
    spans = [element[0] if element else everything for element in elements]
    intervals = [span for span in spans if not isinstance(span, str)]
    if len(intervals) < len(spans) or op in ("in", "!"):
        return None
    if op in _ORDERS:
        return (_bounds(op, intervals[0][0]),)
    if mask is None:
        return region(intervals)
    if len(sources) == 1 and sources[0][0] == sources[0][1]:
        return (
            sources if any(low <= sources[0][0] & mask <= high for low, high in intervals) else ()
        )
    free_bits = ~mask & everything[1]
    if free_bits & (free_bits + 1):
        return None
    return region((low, high | free_bits) for low, high in intervals if low & free_bits == 0)
