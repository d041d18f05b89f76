"""Whether a host name can be in DNS, and whether a certificate covers it (RFC 9525); if not, why.

A certificate's common name is ignored (RFC 9525 section 2), as in browsers since 2017.
"""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from diagnose.parsers.sanitize import clean
from diagnose.parsers.target import LABEL

#: Why no name covers the host. "apex": a wildcard covers only names below the host; "depth": a
#: wildcard covers one label, and the host has more; "www": only the "www." differs; "address": the
#: host is an address that is not among the names.
MismatchReason = Literal["apex", "depth", "www", "address", "other"]


def is_address(host: str) -> bool:
    """Return whether a host is an IP address, which no DNS name or wildcard covers."""
    return _address(host) is not None


def written_address(text: str) -> str:
    """Return the IP address in the form in which it is compared, "" if the text is none."""
    address = _address(text)
    return str(address) if address is not None else ""


# A fleet asks again and again for the same hosts.
@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_host(host: str) -> bool:
    """Return whether a host can be a DNS name; "_" and "$host" cannot."""
    labels = host.removesuffix(".").split(".")
    return (
        len(host) <= 253
        and all(LABEL.fullmatch(label) for label in labels)
        and any(character.isalnum() for character in labels[-1])
    )


def is_public_name(name: str) -> bool:
    """Return whether visitors may type a name: one with a dot that no own network alone knows."""
    is_inner = name.endswith((".localhost", ".localdomain", ".local"))
    return "." in name and not is_inner and is_host(name) and not is_address(name)


def covers(host: str, dns_names: Iterable[str], addresses: Iterable[str]) -> bool:
    """Return whether these subject alternative names cover the host (RFC 9525 section 6)."""
    host_address = _address(host)
    if host_address is not None:
        return any(_address(address) == host_address for address in addresses)
    return any(matches(host, name) for name in dns_names)


def plain_name(names: Iterable[str]) -> str:
    """Return the first of a certificate's names that is no wildcard, "" without one."""
    return next((name for name in names if "*" not in name and is_host(name)), "")


def matches(host: str, name: str) -> bool:
    """Return whether one DNS name of a certificate covers the host. A wildcard must be the whole
    first label, covers exactly one label, and needs two more after it (RFC 9525 section 6.3)."""
    host_labels, name_labels = _labels(host), _labels(name)
    if not all(host_labels) or not all(name_labels) or len(host_labels) != len(name_labels):
        return False
    if name_labels[0] == "*":
        return len(name_labels) > 2 and host_labels[1:] == name_labels[1:]
    return host_labels == name_labels


def closest_mismatch(host: str, dns_names: Iterable[str]) -> tuple[MismatchReason, str]:
    """Return why no name covers the host, and the closest name ("" if there is none)."""
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
    """Return the labels in lower case, without the root's dot (RFC 1034 section 3.1)."""
    return name.lower().removesuffix(".").split(".")


def printable_name(name: str) -> str:
    """Return a certificate's DNS name in a form that is safe to show and compare. White space stays
    visible, because a name with a leading or trailing blank covers no host."""
    return clean(re.sub(r"\s", "\N{OPEN BOX}", name[:1024]), 253)
