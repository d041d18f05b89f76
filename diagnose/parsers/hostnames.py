"""Whether a certificate covers a host name (RFC 9525), and if not, what stands in the way.

The common name plays no part in it (RFC 9525 section 2): browsers have ignored it since 2017.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Literal

from diagnose.parsers.sanitize import clean

#: Why names do not cover a host. "apex": there is a wildcard for what is below it; "depth": a
#: wildcard reaches one label and the host lies deeper; "www": only with or without "www.";
#: "address": the host is an address and no such address is among the names.
MismatchReason = Literal["apex", "depth", "www", "address", "other"]


def is_address(host: str) -> bool:
    """Whether a host is an IP address, to which no DNS name and no wildcard applies."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def covers(host: str, dns_names: Iterable[str], addresses: Iterable[str]) -> bool:
    """Whether these subject alternative names cover the host (RFC 9525 section 6)."""
    if is_address(host):
        host_address = ipaddress.ip_address(host)
        return any(
            is_address(address) and ipaddress.ip_address(address) == host_address
            for address in addresses
        )
    return any(matches(host, name) for name in dns_names)


def matches(host: str, name: str) -> bool:
    """Whether one DNS name of a certificate is the host's. A wildcard is the whole leftmost
    label, stands for exactly one, and leaves at least two (RFC 9525 section 6.3)."""
    host_labels, name_labels = _labels(host), _labels(name)
    if not all(host_labels) or not all(name_labels) or len(host_labels) != len(name_labels):
        return False
    if name_labels[0] == "*":
        return len(name_labels) > 2 and host_labels[1:] == name_labels[1:]
    return host_labels == name_labels


def closest_mismatch(host: str, dns_names: Iterable[str]) -> tuple[MismatchReason, str]:
    """What stands in the way, and the name that comes nearest ("" if none does)."""
    if is_address(host):
        return "address", ""
    names = tuple(dns_names)
    host_labels = _labels(host)
    for name in names:
        name_labels = _labels(name)
        if name_labels[0] == "*" and name_labels[1:] == host_labels:
            return "apex", name
    for name in names:
        name_labels = _labels(name)
        if (
            name_labels[0] == "*"
            and len(host_labels) > len(name_labels)
            and host_labels[1 - len(name_labels) :] == (name_labels[1:])
        ):
            return "depth", name
    for name in names:
        name_labels = _labels(name)
        if name_labels == ["www", *host_labels] or ["www", *name_labels] == host_labels:
            return "www", name
    return "other", ""


def _labels(name: str) -> list[str]:
    """The labels in lower case; the dot of the root left out (RFC 1034 section 3.1)."""
    return name.lower().removesuffix(".").split(".")


def printable_name(name: str) -> str:
    """A certificate's DNS name as it may be shown and compared. White space in it stays visible:
    with a blank before or behind it, it is no host's name."""
    return clean(re.sub(r"\s", "\N{OPEN BOX}", name[:1024]), 253)
