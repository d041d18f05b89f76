"""Masks addresses. A stand-in keeps what the checks look at: private or public, IPv4 or IPv6, and
which addresses are in one network."""

import contextlib
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_V4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
# Nothing can fail after the first colon; the complete match is checked in `Addresses.hide_ipv6`.
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*")
#: The longest address as text (inet_ntop(3), INET6_ADDRSTRLEN).
_LONGEST_V6 = 45

#: The documentation networks (RFC 5737), and one for benchmark tests (RFC 2544).
_DOCUMENTATION = (
    ip_network("192.0.2.0/24"),
    ip_network("198.51.100.0/24"),
    ip_network("203.0.113.0/24"),
)
_BENCHMARK = ip_network("198.18.0.0/15")
#: The metadata addresses of clouds are the same for everybody, so they are not masked.
_METADATA_ADDRESSES = {
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
}

#: Prefixes with a meaning of their own in packet filters, the same for everybody: IPv4-mapped
#: addresses (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056), unique local and link-local addresses.
_PREFIXES = set(map(ip_address, ("::ffff:0:0", "64:ff9b::", "2002::", "fc00::", "fe80::")))

#: Networks and their bases: an address in the network gets a stand-in counted up from the base.
_NETWORKS = tuple(
    (ip_network(network), ip_network(base))
    for network, base in (
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("172.16.0.0/12", "172.16.0.0/12"),
        ("192.168.0.0/16", "192.168.0.0/16"),
        ("100.64.0.0/10", "100.64.0.0/10"),
        ("169.254.0.0/16", "169.254.0.0/16"),
        ("0.0.0.0/0", "192.0.2.0/24"),
        ("fc00::/7", "fd00::/64"),
        ("fe80::/10", "fe80::/64"),
        ("::/0", "2001:db8:0:ffff::/64"),
    )
)


class Addresses:
    """Replaces addresses and remembers their stand-ins."""

    def __init__(self, kept: Iterable[str] = ()) -> None:
        """`kept` are addresses that stay as they are."""
        self.stand_ins: dict[str, str] = {address: address for address in kept}
        self.counts: dict[object, int] = {}
        self.networks: dict[object, IPv4Network | IPv6Network] = {}

    def hide(self, text: str) -> str:
        """Replace every address in a text by its stand-in."""
        return _V6.sub(self.hide_ipv6, _V4.sub(self.hide_ipv4, text))

    def hide_ipv6(self, match: re.Match[str]) -> str:
        """Replace an address and keep punctuation after it: "2001:db8::1:" may end a clause."""
        matched = match[0]
        for address in (matched, matched.rstrip(":.")):
            if 2 <= len(address) <= _LONGEST_V6:
                with contextlib.suppress(ValueError):
                    replacement = self._replacement(ip_address(address), address)
                    return replacement + matched[len(address) :]
        return matched

    def hide_ipv4(self, match: re.Match[str]) -> str:
        try:
            address = ip_address(match[0])
        except ValueError:
            return match[0]
        return self._replacement(address, match[0])

    def _replacement(self, address: IPv4Address | IPv6Address, written: str) -> str:
        """Return what stands in the place of an address. One that stays, stays as it is written:
        Pythons differ in how they write an IPv4-mapped one."""
        is_special = address.is_loopback or address.is_unspecified or address.is_multicast
        if is_special or str(address) in _METADATA_ADDRESSES or address in _PREFIXES:
            return written
        if address.version == 6 and _is_6to4_of_private_network(address):
            return written
        return self.stand_ins.setdefault(str(address), self.stand_in(address))

    def stand_in(self, address: IPv4Address | IPv6Address) -> str:
        if str(address) in self.stand_ins:
            return self.stand_ins[str(address)]
        base = next(base for member_network, base in _NETWORKS if address in member_network)
        network = self._network(address, base)
        if address.version == 4:
            # XOR keeps two addresses that share a smaller network (a /27) in a common one.
            last = int(address) & 255
            return str(network.network_address + (last ^ self.counts.setdefault(network, last ^ 1)))
        self.counts[network] = self.counts.get(network, 0) + 1
        return str(network.network_address + self.counts[network])

    def _network(
        self, address: IPv4Address | IPv6Address, base: IPv4Network | IPv6Network
    ) -> IPv4Network | IPv6Network:
        """Return the stand-in of the address's network (/24, or /64 for IPv6). Addresses of the
        same network stay in one network, others stay apart."""
        subnet = ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False)
        if subnet not in self.networks:
            index = self.counts["of", base] = self.counts.get(("of", base), 0) + 1
            public = _DOCUMENTATION if base.prefixlen == 24 and address.version == 4 else ()
            step = 1 << (8 if address.version == 4 else 64)
            first_address = int(base.network_address) + (index - 1) * step
            if index <= len(public):
                first_address = int(public[index - 1].network_address)
            elif public:
                first_address = int(_BENCHMARK.network_address) + (index - len(public)) * step
            kind = IPv4Address if address.version == 4 else IPv6Address
            self.networks[subnet] = ip_network(f"{kind(first_address)}/{subnet.prefixlen}")
        return self.networks[subnet]


def _is_6to4_of_private_network(address: IPv6Address) -> bool:
    """Return whether this is the 6to4 prefix of IPv4 addresses that are not in the internet (RFC
    3964 section 4.1). firewalld rejects these prefixes on every server."""
    embedded, interface_part = address.sixtofour, int(address) & ((1 << 80) - 1)
    is_unicast = embedded is not None and embedded.is_global and not embedded.is_multicast
    return embedded is not None and not is_unicast and not interface_part
