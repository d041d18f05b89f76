"""Sets of addresses, as sorted spans that do not touch: what is known of a packet's source.

A packet from anybody is followed once for each part of the address space that the rules tell
apart; a packet from one address is a region of one address.
"""

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Region: TypeAlias = tuple[Interval, ...]

#: What may be the source of a packet from outside: unicast, not loopback (RFC 6890).
UNICAST4: Region = ((0x01000000, 0x7EFFFFFF), (0x80000000, 0xDFFFFFFF))
UNICAST6: Region = (
    (0x2000 << 112, (0x4000 << 112) - 1),
    (0xFC00 << 112, (0xFE00 << 112) - 1),
    (0xFE80 << 112, (0xFEC0 << 112) - 1),
)
#: From this number on, one pass over all is faster than a search for each.
MANY = 64


def region(spans: Iterable[Interval]) -> Region:
    found: list[Interval] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1] + 1:
            if high > found[-1][1]:
                found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return tuple(found)


def inside(one: Region, other: Region) -> Region:
    """What is in both."""
    if len(one) > len(other):
        one, other = other, one
    if len(one) < MANY:
        return tuple(both for span in one for both in _cut(other, span))
    found, here, there = [], 0, 0
    while here < len(one) and there < len(other):
        low = max(one[here][0], other[there][0])
        high = min(one[here][1], other[there][1])
        if low <= high:
            found.append((low, high))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def _first(spans: Sequence[Interval], low: int) -> int:
    """The first of them that does not end before `low`."""
    return bisect_left(spans, low, key=lambda one: one[1])


def _cut(spans: Region, span: Interval) -> list[Interval]:
    low, high = span
    first = _first(spans, low)
    last = bisect_right(spans, high, key=lambda one: one[0])
    return [(max(low, one[0]), min(high, one[1])) for one in spans[first:last]]


def outside(one: Region, other: Region) -> Region:
    """What is in the first and not in the second."""
    if len(other) >= MANY:
        return inside(one, _gaps(other, one[0][0], one[-1][1])) if one else ()
    left = list(one)
    for low, high in other:
        first = _first(left, low)
        last = bisect_right(left, high, key=lambda one: one[0])
        if first < last:
            rest = [(left[first][0], low - 1), (high + 1, left[last - 1][1])]
            left[first:last] = [span for span in rest if span[0] <= span[1]]
    return tuple(left)


def _gaps(spans: Region, low: int, high: int) -> Region:
    found = []
    for start, end in spans:
        if low < start:
            found.append((low, start - 1))
        low = max(low, end + 1)
    if low <= high:
        found.append((low, high))
    return tuple(found)


def size(one: Region) -> int:
    return sum(high - low + 1 for low, high in one)


def networks(one: Region, version: int, most: int) -> tuple[list[str], int]:
    """The first networks of it, and how many spans are left over."""
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    found: list[str] = []
    for at, (low, high) in enumerate(one):
        for network in ipaddress.summarize_address_range(kind(low), kind(high)):
            if len(found) == most:
                return found, len(one) - at
            whole = network.prefixlen == network.max_prefixlen
            found.append(str(network.network_address) if whole else str(network))
    return found, 0
