"""Sets of addresses as sorted, non-adjacent spans: the possible sources of a packet.

A packet from anybody is followed once for each part of the address space that the rules treat
differently; a packet from one address has a region of one address.
"""

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Region: TypeAlias = tuple[Interval, ...]

#: Possible sources of a packet from outside: unicast, not loopback (RFC 6890).
UNICAST4: Region = ((0x01000000, 0x7EFFFFFF), (0x80000000, 0xDFFFFFFF))
UNICAST6: Region = (
    (0x2000 << 112, (0x4000 << 112) - 1),
    (0xFC00 << 112, (0xFE00 << 112) - 1),
    (0xFE80 << 112, (0xFEC0 << 112) - 1),
)
#: From this number of spans, one pass over all is faster than a search for each.
LINEAR_THRESHOLD = 64


def region(spans: Iterable[Interval]) -> Region:
    merged: list[Interval] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(first: Region, second: Region) -> Region:
    """Return the addresses in both regions."""
    if len(first) > len(second):
        first, second = second, first
    if len(first) < LINEAR_THRESHOLD:
        return tuple(overlap for span in first for overlap in _clip(second, span))
    overlaps, first_index, second_index = [], 0, 0
    while first_index < len(first) and second_index < len(second):
        low = max(first[first_index][0], second[second_index][0])
        high = min(first[first_index][1], second[second_index][1])
        if low <= high:
            overlaps.append((low, high))
        if first[first_index][1] < second[second_index][1]:
            first_index += 1
        else:
            second_index += 1
    return tuple(overlaps)


def _first(spans: Sequence[Interval], low: int) -> int:
    """Return the index of the first span that does not end before `low`."""
    return bisect_left(spans, low, key=lambda interval: interval[1])


def _clip(spans: Region, span: Interval) -> list[Interval]:
    low, high = span
    first = _first(spans, low)
    last = bisect_right(spans, high, key=lambda interval: interval[0])
    return [(max(low, interval[0]), min(high, interval[1])) for interval in spans[first:last]]


def difference(base: Region, excluded: Region) -> Region:
    """Return the addresses in the first region that are not in the second."""
    if len(excluded) >= LINEAR_THRESHOLD:
        return intersection(base, _gaps(excluded, base[0][0], base[-1][1])) if base else ()
    remaining = list(base)
    for low, high in excluded:
        first = _first(remaining, low)
        last = bisect_right(remaining, high, key=lambda interval: interval[0])
        if first < last:
            pieces = [(remaining[first][0], low - 1), (high + 1, remaining[last - 1][1])]
            remaining[first:last] = [span for span in pieces if span[0] <= span[1]]
    return tuple(remaining)


def _gaps(spans: Region, low: int, high: int) -> Region:
    gaps = []
    for start, end in spans:
        if low < start:
            gaps.append((low, start - 1))
        low = max(low, end + 1)
    if low <= high:
        gaps.append((low, high))
    return tuple(gaps)


def address_count(spans: Region) -> int:
    return sum(high - low + 1 for low, high in spans)


def networks(spans: Region, version: int, limit: int) -> tuple[list[str], int]:
    """Return the first `limit` networks of a region, and the number of spans left over."""
    address_type = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    prefixes: list[str] = []
    for index, (low, high) in enumerate(spans):
        for network in ipaddress.summarize_address_range(address_type(low), address_type(high)):
            if len(prefixes) == limit:
                return prefixes, len(spans) - index
            is_single = network.prefixlen == network.max_prefixlen
            prefixes.append(str(network.network_address) if is_single else str(network))
    return prefixes, 0
