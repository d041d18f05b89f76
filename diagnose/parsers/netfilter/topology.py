"""What does not change while packets are followed: where chains hang, what is local.

Priorities and hooks: include/uapi/linux/netfilter_ipv4.h and nf_nat_core.c. All chains of type
nat of a hook are asked by one function, which hangs at -100 before routing and at 100 after it,
whatever their own priority is; that orders them among themselves.
"""

import ipaddress
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from diagnose.parsers.netfilter.address_sets import (
    UNICAST4,
    UNICAST6,
    Region,
    inside,
    outside,
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
    Obscure,
    Rules,
    Step,
    Table,
    Unknown,
    VerdictMap,
    address,
)

#: conntrack sees a packet at this priority; a chain before it knows no state.
CONNTRACK = -200
DESTINATION, SOURCE_NAT = -100, 100
BEFORE_ROUTING = ("prerouting", "output")
#: (hook, priority) -> the tables of these families are asked.
FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}
DEVICE_HOOKS = ("ingress", "egress")


class Place(NamedTuple):
    """A base chain that is to be asked; without one: where addresses are translated."""

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
        case Limit() | Unknown() | Obscure():
            return step.text.startswith(("ct ", "conn", "xt ", "synproxy"))
    return False


class Plan:
    def __init__(self, rules: Rules, packet: Packet) -> None:
        self.rules, self.packet, self.host = rules, packet, packet.host
        to = ipaddress.ip_address(packet.destination)
        self.version, self.destination = to.version, int(to)
        self.width = 32 if self.version == 4 else 128
        self.ip = "ip" if self.version == 4 else "ip6"
        self.local = self._local()
        self._places: dict[tuple[str, str], tuple[Place, ...]] = {}

    # Where chains hang

    def places(self, hook: str, device: str = "") -> tuple[Place, ...]:
        at = (hook, device if hook in DEVICE_HOOKS else "")
        if at not in self._places:
            self._places[at] = tuple(self._sorted(*at))
        return self._places[at]

    def _sorted(self, hook: str, device: str) -> Iterator[Place]:
        found: list[Place] = []
        nat: list[Place] = []
        for place in self._hanging(hook, device):
            is_nat = place.base is not None and place.base.type == "nat"
            (nat if is_nat else found).append(place)
        found.reverse()
        nat.reverse()
        found.sort(key=lambda place: place.priority)
        nat.sort(key=lambda place: place.priority)
        when = DESTINATION if hook in BEFORE_ROUTING else SOURCE_NAT
        translated = hook in DEVICE_HOOKS or hook == "forward" or not self.translates
        for place in found:
            if not translated and place.priority > when:
                yield from self._translation(when, nat)
                translated = True
            yield place
        if not translated:
            yield from self._translation(when, nat)

    def _translation(self, when: int, nat: list[Place]) -> Iterator[Place]:
        yield Place(when, None, None, None)
        yield from (place._replace(priority=when) for place in nat)

    @cached_property
    def translates(self) -> bool:
        """Is there a chain of type nat at any hook? One is enough for all hooks."""
        return any(
            chain.base and chain.base.type == "nat"
            for table in self.rules.tables
            if table.family in FAMILIES[self.version]
            for chain in table.chains.values()
        )

    @cached_property
    def tracks(self) -> bool:
        """Is conntrack at work? It is if any rule asks for it; a chain of type nat alone does
        not, and nobody asks such a chain then."""
        tables = [one for one in self.rules.tables if one.family in FAMILIES[self.version]]
        return any(
            _needs_conntrack(step, self.ip)
            for table in tables
            for chain in table.chains.values()
            for rule in chain.rules
            for step in rule.steps
        )

    def _hanging(self, hook: str, device: str) -> Iterator[Place]:
        families = ("netdev", "inet") if hook in DEVICE_HOOKS else FAMILIES[self.version]
        for table in self.rules.tables:
            if table.family not in families:
                continue
            for chain in table.chains.values():
                base = chain.base
                if base and base.hook == hook and (not device or device in base.devices):
                    yield Place(base.priority, table, chain, base)

    # What is local

    def _local(self) -> Region:
        loopback = "127.0.0.0/8" if self.version == 4 else "::1"
        own = [
            (int(one), int(one))
            for _, text in self.host.addresses
            if (one := ipaddress.ip_interface(text).ip).version == self.version
        ]
        return region([address(loopback), (self.destination, self.destination), *own])

    def is_local(self, low: int, high: int) -> bool | None:
        """None: some of these addresses are."""
        found = inside(((low, high),), self.local)
        if not found:
            return False
        return True if found == ((low, high),) else None

    def is_martian(self, to: Value) -> bool:
        """From another machine, and to an address of `lo`: the kernel drops it unless
        net.ipv4.conf.*.route_localnet is on."""
        return self.version == 4 and isinstance(to, int) and to >> 24 == 127

    def on(self, device: str) -> Region:
        """The addresses of an interface; of one that is not known, all local ones."""
        own = region(
            (int(one), int(one))
            for name, text in self.host.addresses
            if name == device and (one := ipaddress.ip_interface(text).ip).version == self.version
        )
        return own or self.local

    def first_on(self, device: str, like: int) -> int | None:
        """The first address of the interface, for IPv6 of the same scope as this one."""
        for name, text in self.host.addresses:
            one = ipaddress.ip_interface(text).ip
            if name != device or one.version != self.version:
                continue
            if one.version == 4 or one.is_link_local == ipaddress.IPv6Address(like).is_link_local:
                return int(one)
        return None

    def redirected(self, hook: str, device: Value) -> int:
        """What a redirection goes to (nf_nat_redirect.c)."""
        if hook == "output":
            return 127 << 24 | 1 if self.version == 4 else 1
        found = self.first_on(device, self.destination) if isinstance(device, str) else None
        return self.destination if found is None else found

    def strangers(self) -> Region:
        return outside(UNICAST4 if self.version == 4 else UNICAST6, self.local)

    # Where to

    def device(self, to: int) -> str | None:
        """The interface of the most specific route."""
        best: tuple[int, str] | None = None
        for text, device in self.host.routes:
            network = ipaddress.ip_network(text, strict=False)
            if network.version != self.version:
                continue
            low, high = int(network.network_address), int(network.broadcast_address)
            if low <= to <= high and (best is None or network.prefixlen > best[0]):
                best = network.prefixlen, device
        return best[1] if best else None

    def reachable_by(self, device: str) -> Region | None:
        """The addresses whose best route (IPv6: any route) leaves by this interface."""
        routes = [
            (network.prefixlen, (int(network.network_address), int(network.broadcast_address)), by)
            for text, by in self.host.routes
            if (network := ipaddress.ip_network(text, strict=False)).version == self.version
        ]
        if not routes:
            return None
        found: Region = ()
        for _, span, by in sorted(routes, key=lambda route: route[0]):
            if by == device:
                found = region([*found, span])
            elif self.version == 4:
                found = outside(found, (span,))
        return found

    def text(self, value: Value) -> str:
        if isinstance(value, tuple):
            return f"{self.text(value[0])}-{self.text(value[1])}"
        if not isinstance(value, int) or not 0 <= value < 1 << self.width:
            return "?"
        kind = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        return str(kind(value))
