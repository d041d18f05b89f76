"""The fixed surroundings of a packet: registered chains, local addresses and routes.

Priorities and hooks: include/uapi/linux/netfilter_ipv4.h and nf_nat_core.c. One kernel function
runs all nat chains of a hook. It is registered at -100 before routing and at 100 after routing,
whatever priority the chains have; their own priorities only order them among themselves.
"""

import ipaddress
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from diagnose.parsers.netfilter.address_sets import (
    UNICAST4,
    UNICAST6,
    Region,
    difference,
    intersection,
    region,
)
from diagnose.parsers.netfilter.packet import Packet
from diagnose.parsers.netfilter.packet_fields import Value
from diagnose.parsers.netfilter.rules import (
    Assign,
    Base,
    Chain,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Opaque,
    Rules,
    Step,
    Table,
    Unknown,
    VerdictMap,
    address_span,
)

#: Priority at which conntrack sees a packet; chains before it see no connection state.
CONNTRACK = -200
DESTINATION, SOURCE_NAT = -100, 100
BEFORE_ROUTING = ("prerouting", "output")
#: IP version -> the table families that see its packets.
FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}
DEVICE_HOOKS = ("ingress", "egress")


class HookEntry(NamedTuple):
    """A base chain to run. Without `chain` it marks where addresses are translated."""

    priority: int
    table: Table | None
    chain: Chain | None
    base: Base | None


def _needs_conntrack(step: Step, ip: str) -> bool:
    match step:
        case Nat():
            return step.family in ("", ip)
        case Match() | VerdictMap() | ObjectMap():
            return any(key.startswith("ct ") for key in step.keys)
        case Assign():
            return "ct mark" in (step.key, step.source)
        case Limit() | Unknown() | Opaque():
            return step.text.startswith(("ct ", "conn", "xt ", "synproxy"))
    return False


class Topology:
    def __init__(self, rules: Rules, packet: Packet) -> None:
        self.rules, self.packet, self.host = rules, packet, packet.host
        to = ipaddress.ip_address(packet.destination)
        self.version, self.destination = to.version, int(to)
        self.width = 32 if self.version == 4 else 128
        self.ip = "ip" if self.version == 4 else "ip6"
        self.local = self._local()
        self._hook_entries: dict[tuple[str, str], tuple[HookEntry, ...]] = {}

    # Registered chains

    def hook_entries(self, hook: str, device: str = "") -> tuple[HookEntry, ...]:
        key = (hook, device if hook in DEVICE_HOOKS else "")
        if key not in self._hook_entries:
            self._hook_entries[key] = tuple(self._ordered_entries(*key))
        return self._hook_entries[key]

    def _ordered_entries(self, hook: str, device: str) -> Iterator[HookEntry]:
        filter_entries: list[HookEntry] = []
        nat: list[HookEntry] = []
        for hook_entry in self._registered_entries(hook, device):
            is_nat = hook_entry.base is not None and hook_entry.base.type == "nat"
            (nat if is_nat else filter_entries).append(hook_entry)
        filter_entries.reverse()
        nat.reverse()
        filter_entries.sort(key=lambda hook_entry: hook_entry.priority)
        nat.sort(key=lambda hook_entry: hook_entry.priority)
        nat_priority = DESTINATION if hook in BEFORE_ROUTING else SOURCE_NAT
        nat_done = hook in DEVICE_HOOKS or hook == "forward" or not self.translates
        for hook_entry in filter_entries:
            if not nat_done and hook_entry.priority > nat_priority:
                yield from self._nat_entries(nat_priority, nat)
                nat_done = True
            yield hook_entry
        if not nat_done:
            yield from self._nat_entries(nat_priority, nat)

    def _nat_entries(self, nat_priority: int, nat: list[HookEntry]) -> Iterator[HookEntry]:
        yield HookEntry(nat_priority, None, None, None)
        yield from (hook_entry._replace(priority=nat_priority) for hook_entry in nat)

    @cached_property
    def translates(self) -> bool:
        """Whether any hook has a chain of type nat. One is enough for all hooks."""
        return any(
            chain.base and chain.base.type == "nat"
            for table in self.rules.tables
            if table.family in FAMILIES[self.version]
            for chain in table.chains.values()
        )

    @cached_property
    def tracks(self) -> bool:
        """Whether conntrack is active: it is if any rule needs it. A nat chain alone does not
        activate it, and then the nat chains are not run."""
        tables = [table for table in self.rules.tables if table.family in FAMILIES[self.version]]
        return any(
            _needs_conntrack(step, self.ip)
            for table in tables
            for chain in table.chains.values()
            for rule in chain.rules
            for step in rule.steps
        )

    def _registered_entries(self, hook: str, device: str) -> Iterator[HookEntry]:
        families = ("netdev", "inet") if hook in DEVICE_HOOKS else FAMILIES[self.version]
        for table in self.rules.tables:
            if table.family not in families:
                continue
            for chain in table.chains.values():
                base = chain.base
                if base and base.hook == hook and (not device or device in base.devices):
                    yield HookEntry(base.priority, table, chain, base)

    # Local addresses

    def _local(self) -> Region:
        loopback = "127.0.0.0/8" if self.version == 4 else "::1"
        own_addresses = [
            (int(host_ip), int(host_ip))
            for _, text in self.host.addresses
            if (host_ip := ipaddress.ip_interface(text).ip).version == self.version
        ]
        return region(
            [address_span(loopback), (self.destination, self.destination), *own_addresses]
        )

    def is_local(self, low: int, high: int) -> bool | None:
        """Return whether all these addresses are local; None if only some are."""
        overlap = intersection(((low, high),), self.local)
        if not overlap:
            return False
        return True if overlap == ((low, high),) else None

    def is_martian(self, destination: Value) -> bool:
        """Return whether the destination is loopback. The kernel drops such a packet from another
        machine unless net.ipv4.conf.*.route_localnet is on."""
        return self.version == 4 and isinstance(destination, int) and destination >> 24 == 127

    def addresses_on(self, device: str) -> Region:
        """Return an interface's addresses; for an unknown interface all local addresses."""
        own_addresses = region(
            (int(host_ip), int(host_ip))
            for name, text in self.host.addresses
            if name == device
            and (host_ip := ipaddress.ip_interface(text).ip).version == self.version
        )
        return own_addresses or self.local

    def first_on(self, device: str, reference: int) -> int | None:
        """Return the interface's first address; for IPv6 the first with the scope of
        `reference`."""
        for name, text in self.host.addresses:
            host_ip = ipaddress.ip_interface(text).ip
            if name != device or host_ip.version != self.version:
                continue
            if (
                host_ip.version == 4
                or host_ip.is_link_local == ipaddress.IPv6Address(reference).is_link_local
            ):
                return int(host_ip)
        return None

    def redirect_address(self, hook: str, device: Value) -> int:
        """Return the address that `redirect` translates to (nf_nat_redirect.c)."""
        if hook == "output":
            return 127 << 24 | 1 if self.version == 4 else 1
        interface_address = (
            self.first_on(device, self.destination) if isinstance(device, str) else None
        )
        return self.destination if interface_address is None else interface_address

    def stranger_addresses(self) -> Region:
        return difference(UNICAST4 if self.version == 4 else UNICAST6, self.local)

    # Routes

    def device(self, destination: int) -> str | None:
        """Return the interface of the most specific route; None if no route is known but the
        default one: a container's bridge may then be any interface."""
        best: tuple[int, str] | None = None
        for text, device in self.host.routes:
            network = ipaddress.ip_network(text, strict=False)
            if network.version != self.version:
                continue
            low, high = int(network.network_address), int(network.broadcast_address)
            if low <= destination <= high and (best is None or network.prefixlen > best[0]):
                best = network.prefixlen, device
        return best[1] if best and (best[0] or self._knows_networks()) else None

    def _knows_networks(self) -> bool:
        networks = (ipaddress.ip_network(text, strict=False) for text, _ in self.host.routes)
        return any(network.version == self.version and network.prefixlen for network in networks)

    def reachable_by(self, device: str) -> Region | None:
        """Return the addresses whose best route (IPv6: any route) uses this interface, or None
        without routes."""
        routes = [
            (
                network.prefixlen,
                (int(network.network_address), int(network.broadcast_address)),
                interface,
            )
            for text, interface in self.host.routes
            if (network := ipaddress.ip_network(text, strict=False)).version == self.version
        ]
        if not routes:
            return None
        reachable: Region = ()
        for _, span, interface in sorted(routes, key=lambda route: route[0]):
            if interface == device:
                reachable = region([*reachable, span])
            elif self.version == 4:
                reachable = difference(reachable, (span,))
        return reachable

    def text(self, value: Value) -> str:
        if isinstance(value, tuple):
            return f"{self.text(value[0])}-{self.text(value[1])}"
        if not isinstance(value, int) or not 0 <= value < 1 << self.width:
            return "?"
        kind = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        return str(kind(value))
