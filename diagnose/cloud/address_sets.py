"""Sets of IP addresses as sorted ranges of integers, of one family each.

A rule's verdict is for all of the internet, not for a sample of it. Subtracting networks with
`ipaddress` splits them into many; ranges stay few.
"""

import ipaddress
from collections.abc import Iterable
from typing import Literal

#: First and last address of each range, sorted, apart from each other.
AddressSet = tuple[tuple[int, int], ...]
Family = Literal[4, 6]

#: What is not a visitor's address on the internet (RFC 6890). Documentation networks stay: they
#: are routed nowhere, and examples use them.
_NOT_PUBLIC: dict[Family, tuple[str, ...]] = {
    4: (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
    ),
    6: (),
}  # fmt: skip


def internet(family: Family) -> AddressSet:
    """Return the addresses from which visitors on the internet come. IPv6: 2000::/3 (RFC 4291)."""
    if family == 6:
        return networks(["2000::/3"], 6)
    return difference(networks(["0.0.0.0/0"], 4), networks(_NOT_PUBLIC[4], 4))


def network_range(text: str) -> tuple[Family, tuple[int, int]] | None:
    """Return the family and range of a network or an address; bits of the host are ignored, as
    providers do. None if it is neither."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    family: Family = 4 if network.version == 4 else 6
    return family, (int(network.network_address), int(network.broadcast_address))


def networks(texts: Iterable[str], family: Family) -> AddressSet:
    """Return the addresses of one family in networks. What is no network is left out."""
    ranges = (network_range(text) for text in texts)
    return union(
        [
            address_range[1]
            for address_range in ranges
            if address_range is not None and address_range[0] == family
        ]
    )


def union(ranges: Iterable[tuple[int, int]]) -> AddressSet:
    """Merge ranges that overlap or touch."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def intersection(left: AddressSet, right: AddressSet) -> AddressSet:
    """Return the addresses in both sets, in time linear in their ranges."""
    common: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first, last = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if first <= last:
            common.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def difference(left: AddressSet, right: AddressSet) -> AddressSet:
    """Return the addresses in `left` and not in `right`, in time linear in their ranges."""
    return intersection(left, _gaps(right)) if right else left


def count(addresses: AddressSet) -> int:
    """Return how many addresses are in a set."""
    return sum(last - first + 1 for first, last in addresses)


def _gaps(ranges: AddressSet) -> AddressSet:
    gaps: list[tuple[int, int]] = []
    start = 0
    for first, last in ranges:
        if start < first:
            gaps.append((start, first - 1))
        start = last + 1
    gaps.append((start, 1 << 128))
    return tuple(gaps)


def texts(addresses: AddressSet, family: Family, limit: int = 64) -> tuple[str, ...]:
    """Return the set as networks ("203.0.113.0/24"), at most `limit` of them."""
    address_type = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    shown_ranges: list[str] = []
    for first, last in addresses:
        for network in ipaddress.summarize_address_range(address_type(first), address_type(last)):
            if len(shown_ranges) >= limit:
                return tuple(shown_ranges)
            shown_ranges.append(str(network))
    return tuple(shown_ranges)
