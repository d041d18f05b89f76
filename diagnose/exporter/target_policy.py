"""Which targets may be probed: an exporter is a server that others tell where to connect.

Link-local addresses and those where clouds serve credentials are refused, also after name
resolution, after a redirect, and inside the diagnosis: the rule is applied where connections are
made. A list of allowed names and networks narrows it further.
"""

import fnmatch
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from diagnose.model import Failure
from diagnose.model.addresses import is_guarded, is_private
from diagnose.model.frozen import frozen
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net, ResolveResult
from diagnose.net.resolvconf import RESOLV_CONF, name_servers, read_text
from diagnose.net.tracked import TrackedNet
from diagnose.parsers.hostnames import is_address

_METADATA_NAMES = {"metadata.google.internal", "metadata.goog", "metadata"}


@frozen
class TargetPolicy:
    """`names` are patterns with * ("*.example.com"), `networks` are address ranges. Both empty:
    everything that is not guarded is allowed."""

    names: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def is_open(self) -> bool:
        return not self.names and not self.networks

    def allows_name(self, name: str) -> bool:
        host = name.rstrip(".").lower()
        return any(fnmatch.fnmatchcase(host, pattern) for pattern in self.names)

    def allows_network(self, address: str) -> bool:
        ip = ip_address(address.partition("%")[0])
        return any(ip.version == network.version and ip in network for network in self.networks)

    def refusal(self, host: str) -> str:
        """Return why a host of a target is refused before anything is resolved, "" if it is not."""
        if is_guarded(host) or host.rstrip(".").lower() in _METADATA_NAMES:
            return f"{host} is a link-local or metadata address"
        if self.is_open or self.allows_name(host):
            return ""
        if is_address(host):
            return "" if self.allows_network(host) else f"{host} is not in an allowed network"
        return "" if self.networks else f"{host} is not an allowed name"


def parse_policy(rules: Sequence[str]) -> TargetPolicy:
    """Return the policy of names and networks as they were typed. Raise ValueError."""
    names, networks = [], []
    for rule in rules:
        if "/" in rule or is_address(rule):
            networks.append(ip_network(rule, strict=False))
        elif rule.strip("*.") and not any(character.isspace() for character in rule):
            names.append(rule.rstrip(".").lower())
        else:
            raise ValueError(f"{rule!r} is neither a name nor a network")
    return TargetPolicy(tuple(names), tuple(networks))


class GuardedNet:
    """A `Net` for one probe that connects only where the policy allows it. The decision is made for
    the address that is connected to: a name that resolves differently the second time gains
    nothing. `close` closes all its connections."""

    def __init__(self, net: Net, policy: TargetPolicy, trusted: Sequence[str] = ()) -> None:
        """`trusted` are hosts that the configuration itself names, such as a proxy."""
        self._net, self._policy = net, policy
        self._trusted = set(trusted)
        self._resolved: set[str] = set()
        self._connections = TrackedNet(net)
        self.close = self._connections.close

    def renewed(self) -> "GuardedNet":
        """Return another one with the same policy, without connections."""
        return GuardedNet(self._net, self._policy, tuple(self._trusted))

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        result = await self._net.resolve(name, family, timeout)
        if self._policy.allows_name(name) or name in self._trusted:
            self._resolved.update(result.addresses)
        return result

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        if refusal := self.refusal(address):
            return ConnectResult(0.0, failure=Failure("denied", refusal))
        return await self._connections.connect(address, port, timeout, ttl, mss)

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        address = server.partition("#")[0]
        # This machine's own resolver may be link-local: that of a cloud is.
        if is_guarded(address) and address not in name_servers(read_text(RESOLV_CONF)):
            raise PermissionError(f"{address} is a link-local or metadata address")
        return await self._net.ask(server, query, timeout, tcp)

    def redirect_refusal(self, origin: str, address: str) -> str:
        """Return why a server at `origin` may not lead to an address, "" if it may: from a public
        address not into a private network, unless the policy names it."""
        if is_private(origin) or not is_private(address):
            return ""
        is_named = is_address(address) and self._policy.allows_network(address)
        return "" if is_named else f"{address} is in a private network"

    def is_mine(self, address: str) -> bool:
        return self._net.is_mine(address)

    def way_to(self, address: str) -> ConnectResult:
        return self._net.way_to(address)

    def refusal(self, address: str) -> str:
        """Return why an address may not be used, "" if it may."""
        if is_guarded(address):
            return f"{address} is a link-local or metadata address"
        if self._policy.is_open or address in self._resolved or address in self._trusted:
            return ""
        is_allowed = is_address(address) and self._policy.allows_network(address)
        return (
            "" if is_allowed or self._policy.allows_name(address) else f"{address} is not allowed"
        )
