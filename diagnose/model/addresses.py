"""Ranges of IP addresses: which of them visitors can reach, and which mean the machine itself."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

#: Ranges that are not reachable from the Internet. They differ from `ipaddress.is_private`:
#: documentation ranges count as public addresses.
PRIVATE = (
    "0.0.0.0/8",  # RFC 1122 section 3.2.1.3: this host
    "10.0.0.0/8",  # RFC 1918
    "100.64.0.0/10",  # RFC 6598: shared, behind a carrier's NAT
    "127.0.0.0/8",  # RFC 1122: loopback
    "168.63.129.16/32",  # Azure's platform address, for its machines
    "169.254.0.0/16",  # RFC 3927: link-local
    "172.16.0.0/12",  # RFC 1918
    "192.168.0.0/16",  # RFC 1918
    "::/128",  # RFC 4291 section 2.5.2: unspecified
    "::1/128",  # RFC 4291: loopback
    "fc00::/7",  # RFC 4193: unique local
    "fe80::/10",  # RFC 4291: link-local
)
#: Link-local ranges, and the addresses where clouds serve machine credentials (AWS, Google Cloud,
#: Azure and others 169.254.169.254; Alibaba Cloud; AWS and Google Cloud by IPv6; Azure; Oracle). A
#: name or a redirect must not lead us there.
GUARDED = (
    "169.254.0.0/16",
    "fe80::/10",
    "100.100.100.200/32",
    "fd00:ec2::/32",
    "fd20:ce::254/128",
    "168.63.129.16/32",
    "192.0.0.192/32",
)
#: Prefixes of IPv6 that lead to the IPv4 address in their last four bytes: IPv4-compatible
#: (RFC 4291 section 2.5.5.1) and NAT64 (RFC 6052 section 2.1).
EMBEDDING = ("::/96", "64:ff9b::/96")
#: 6to4: the IPv4 address follows the first two bytes (RFC 3056 section 2).
SIX_TO_FOUR = ("2002::/16",)
#: Private ranges that mean the resolving machine itself or its link: useless in DNS.
LOCAL_ONLY = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10")
#: A machine itself (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3).
LOOPBACK = ("127.0.0.0/8", "::1/128")


#: a.root-servers.net by family: an address as far away as visitors are, to which a route is looked
#: up. Nothing is sent to it.
ROOT_SERVERS = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}


@cache
def _networks(ranges: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in ranges)


def are_of_both_sides(networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Return whether some of the networks are private and some are not: a list of such networks is
    meant for whoever is at home there, by whatever address."""
    return len({is_private(str(network.network_address)) for network in networks}) > 1


def is_within(address: str, ranges: tuple[str, ...]) -> bool:
    """Return True if the address is in one of the ranges; False if it is not an address. An
    IPv4-mapped IPv6 address (::ffff:10.0.0.1) counts as the IPv4 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in _networks(ranges))


def is_private(address: str) -> bool:
    """Return True if the address cannot be reached from the Internet (see PRIVATE)."""
    return is_within(address, PRIVATE)


def is_guarded(address: str) -> bool:
    """Return True if a name or a redirect must not lead us to this address (see GUARDED), or to the
    IPv4 address that a translator takes out of it. We connect to it only if a person typed it."""
    address = address.partition("%")[0]
    return is_within(address, GUARDED) or is_within(_embedded_ipv4(address), GUARDED)


def _embedded_ipv4(address: str) -> str:
    """Return the IPv4 address to which an IPv6 address leads, "" if it holds none."""
    if is_within(address, EMBEDDING):
        return str(ip_address(int(IPv6Address(address)) & 0xFFFFFFFF))
    if is_within(address, SIX_TO_FOUR):
        return str(ip_address(int(IPv6Address(address)) >> 80 & 0xFFFFFFFF))
    return ""


def is_loopback(address: str) -> bool:
    """Return True if the address means the machine itself (see LOOPBACK)."""
    return is_within(address, LOOPBACK)


def is_local_host(host: str) -> bool:
    """Return True if a name or an address means whatever machine uses it: a loopback address, or
    localhost (RFC 6761 section 6.3)."""
    return host.lower() == "localhost" or is_loopback(host)


def family_of(address: str) -> int:
    """Return the IP version of an address: 4 or 6."""
    return 6 if ":" in address else 4


def bracketed(address: str) -> str:
    """Return an address or name as it stands before a port (RFC 3986 section 3.2.2)."""
    return f"[{address}]" if ":" in address else address
