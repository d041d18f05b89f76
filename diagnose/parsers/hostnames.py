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
Why = Literal["apex", "depth", "www", "address", "other"]


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
        wanted = ipaddress.ip_address(host)
        return any(is_address(one) and ipaddress.ip_address(one) == wanted for one in addresses)
    return any(matches(host, name) for name in dns_names)


def matches(host: str, name: str) -> bool:
    """Whether one DNS name of a certificate is the host's. A wildcard is the whole leftmost
    label, stands for exactly one, and leaves at least two (RFC 9525 section 6.3)."""
    wanted, offered = _labels(host), _labels(name)
    if not all(wanted) or not all(offered) or len(wanted) != len(offered):
        return False
    if offered[0] == "*":
        return len(offered) > 2 and wanted[1:] == offered[1:]
    return wanted == offered


def why_not(host: str, dns_names: Iterable[str]) -> tuple[Why, str]:
    """What stands in the way, and the name that comes nearest ("" if none does)."""
    if is_address(host):
        return "address", ""
    names = tuple(dns_names)
    bare = _labels(host)
    for name in names:
        offered = _labels(name)
        if offered[0] == "*" and offered[1:] == bare:
            return "apex", name
    for name in names:
        offered = _labels(name)
        if (
            offered[0] == "*"
            and len(bare) > len(offered)
            and bare[1 - len(offered) :] == (offered[1:])
        ):
            return "depth", name
    for name in names:
        offered = _labels(name)
        if offered == ["www", *bare] or ["www", *offered] == bare:
            return "www", name
    return "other", ""


def _labels(name: str) -> list[str]:
    """The labels in lower case; the dot of the root left out (RFC 1034 section 3.1)."""
    return name.lower().removesuffix(".").split(".")


def shown(name: str) -> str:
    """A certificate's DNS name as it may be shown and compared. White space in it stays visible:
    with a blank before or behind it, it is no host's name."""
    return clean(re.sub(r"\s", "\N{OPEN BOX}", name[:1024]), 253)
