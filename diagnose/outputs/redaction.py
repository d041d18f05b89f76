"""Addresses, names and secrets, masked: each by the same stand-in wherever it occurs.

A stand-in keeps what the checks look at (private or public, IPv4 or IPv6, which name lies in
which domain), so that masked evidence leads to the same findings.
"""

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_V4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?<![:.])|::(?=\W|$)")
_SECRETS = (
    # A header, in a list of pairs as JSON writes it, and as HTTP, a command or nginx do.
    re.compile(r'(?i)("(?:set-cookie|cookie|(?:proxy-)?authorization|x-api-key)",\s*")((?:[^"\\]|\\.)+)'),
    re.compile(r"(?i)\b((?:set-cookie|cookie|(?:proxy-)?authorization|x-api-key)\s*:\s*)([^\"'\\\n]+)"),
    re.compile(r"(?i)([?&;](?:access_?token|token|key|api_?key|password|passwd|secret|sig|signature|"
               r"session|sid|auth|code)=)([^&\s\"'#\\]+)"),
    re.compile(r"(?i)((?:https?|wss?|ssh)://)([^/\s\"'@]+)(?=@)"),
)  # fmt: skip

#: The networks whose members stay what they are; a stand-in counts up from each base.
_NETWORKS = tuple(
    (ip_network(network), ip_network(base))
    for network, base in (
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("172.16.0.0/12", "172.16.0.0/12"),
        ("192.168.0.0/16", "192.168.0.0/16"),
        ("100.64.0.0/10", "100.64.0.0/10"),
        ("0.0.0.0/0", "203.0.113.0/24"),
        ("fc00::/7", "fd00::/64"),
        ("fe80::/10", "fe80::/64"),
        ("::/0", "2001:db8::/64"),
    )
)


def redactor(names: Iterable[str]) -> Callable[[str], str]:
    """A function that masks a text. `names` are the host names whose domains are masked."""
    return _Mask(names).text


class _Mask:
    def __init__(self, names: Iterable[str]) -> None:
        self.labels: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.counts: dict[object, int] = {}
        self.names = _pattern(names)

    def text(self, text: str) -> str:
        for secret in _SECRETS:
            text = secret.sub(r"\1***", text)
        text = _V4.sub(self.address, text)
        text = _V6.sub(self.address, text)
        return self.names.sub(self.name, text) if self.names else text

    def address(self, match: re.Match[str]) -> str:
        try:
            address = ip_address(match[0])
        except ValueError:
            return match[0]
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return match[0]
        return self.addresses.setdefault(str(address), self.stand_in(address))

    def stand_in(self, address: IPv4Address | IPv6Address) -> str:
        if str(address) in self.addresses:
            return self.addresses[str(address)]
        base = next(base for network, base in _NETWORKS if address in network)
        self.counts[base] = self.counts.get(base, 0) + 1
        return str(base.network_address + self.counts[base])

    def name(self, match: re.Match[str]) -> str:
        *labels, top = match[0].lower().split(".")
        masked = [label if label in {"*", "www", ""} else self.label(label) for label in labels]
        return ".".join([*masked, top if labels else self.label(top)])

    def label(self, label: str) -> str:
        return self.labels.setdefault(label, f"name{len(self.labels) + 1}")


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Whatever lies in the domains of these names: the last two labels are the domain."""
    domains = set()
    for name in names:
        labels = name.lower().strip(".").removeprefix("*.").split(".")
        is_address = ":" in name or labels[-1].isdigit()
        if name and not is_address and name.lower() != "localhost":
            domains.add(re.escape(".".join(labels[-2:])))
    if not domains:
        return None
    longest = "|".join(sorted(domains, key=len, reverse=True))
    return re.compile(rf"(?i)(?<![\w.-])(?:[\w*-]+\.)*(?:{longest})(?![\w-]|\.\w)")
