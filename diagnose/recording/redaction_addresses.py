"""Addresses, masked: a stand-in keeps what the checks look at, that is private or public, IPv4 or
IPv6, and which addresses lie in one network."""

import contextlib
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_V4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
# Nothing after its first colon can fail: what it takes is looked at as a whole (Addresses.v6).
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*")
#: The longest that an address can be in text (inet_ntop(3), INET6_ADDRSTRLEN).
_LONGEST_V6 = 45

#: The networks of documentation (RFC 5737), and more for tests (RFC 2544).
_PUBLIC = (ip_network("192.0.2.0/24"), ip_network("198.51.100.0/24"), ip_network("203.0.113.0/24"))
_MORE = ip_network("198.18.0.0/15")
#: What clouds call their own the same everywhere says nothing of anybody.
_CLOUDS = {"169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"}

#: The networks whose members stay what they are; a stand-in counts up from each base.
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
    """Remembers the stand-in of every address."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.counts: dict[object, int] = {}
        self.networks: dict[object, IPv4Network | IPv6Network] = {}

    def hide(self, text: str) -> str:
        """The text with the stand-in of every address in it."""
        return _V6.sub(self.v6, _V4.sub(self.address, text))

    def v6(self, match: re.Match[str]) -> str:
        """An address, and the punctuation behind it as it is: "2001:db8::1:" ends a clause."""
        written = match[0]
        for address in (written, written.rstrip(":.")):
            if 2 <= len(address) <= _LONGEST_V6:
                with contextlib.suppress(ValueError):
                    return self._shown(ip_address(address)) + written[len(address) :]
        return written

    def address(self, match: re.Match[str]) -> str:
        try:
            address = ip_address(match[0])
        except ValueError:
            return match[0]
        return self._shown(address)

    def _shown(self, address: IPv4Address | IPv6Address) -> str:
        usual = address.is_loopback or address.is_unspecified or address.is_multicast
        if usual or str(address) in _CLOUDS:
            return str(address)
        return self.known.setdefault(str(address), self.stand_in(address))

    def stand_in(self, address: IPv4Address | IPv6Address) -> str:
        if str(address) in self.known:
            return self.known[str(address)]
        base = next(base for whole, base in _NETWORKS if address in whole)
        network = self._network(address, base)
        if address.version == 4:
            # By exclusive or what lies in one of its parts (a /27) lies in one again.
            last = int(address) & 255
            return str(network.network_address + (last ^ self.counts.setdefault(network, last ^ 1)))
        self.counts[network] = self.counts.get(network, 0) + 1
        return str(network.network_address + self.counts[network])

    def _network(
        self, address: IPv4Address | IPv6Address, base: IPv4Network | IPv6Network
    ) -> IPv4Network | IPv6Network:
        """The stand-in of the address's own network (/24, or /64 of IPv6): addresses of one are
        of one again, and of two of two."""
        own = ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False)
        if own not in self.networks:
            number = self.counts["of", base] = self.counts.get(("of", base), 0) + 1
            public = _PUBLIC if base.prefixlen == 24 and address.version == 4 else ()
            step = 1 << (8 if address.version == 4 else 64)
            begin = int(base.network_address) + (number - 1) * step
            if number <= len(public):
                begin = int(public[number - 1].network_address)
            elif public:
                begin = int(_MORE.network_address) + (number - len(public)) * step
            kind = IPv4Address if address.version == 4 else IPv6Address
            self.networks[own] = ip_network(f"{kind(begin)}/{own.prefixlen}")
        return self.networks[own]
