"""Parse firewalld's rich rules (firewalld.richlanguage(5)) and match them with packets. No I/O."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from diagnose.model.firewall import PortRange
from diagnose.model.frozen import frozen

_ACTIONS = ("accept", "reject", "drop", "mark")
_WORD = re.compile(r'([\w-]+)(?:=(?:"([^"]*)"|(\S+)))?')


@frozen
class Packet:
    """The first packet of a visitor's TCP connection. `source` is "" for a stranger, whose address
    is not known."""

    port: int
    family: int = 4
    source: str = ""
    to: str = ""
    nic: str = ""


@frozen
class AddressMatch:
    """An address, a set ("ipset:…") or a MAC address; `inverted` matches everything else."""

    name: str
    inverted: bool = False


@frozen
class RichRule:
    """The parts of a rule. `element` is what it applies to ("service", "port", "forward-port", …,
    "" for everything), with its `values`; `action` is "" for a forward-port, which needs none."""

    text: str
    priority: int = 0
    family: int | None = None
    source: AddressMatch | None = None
    destination: AddressMatch | None = None
    element: str = ""
    values: tuple[tuple[str, str], ...] = ()
    action: str = ""
    limited: bool = False

    def value(self, name: str) -> str:
        return dict(self.values).get(name, "")


@lru_cache(maxsize=4096)
def rich_rule(text: str) -> RichRule:
    """Parse a rule as firewall-cmd lists it. Unknown parts are ignored."""
    parts: list[tuple[str, dict[str, str]]] = [("", {})]
    for match in _WORD.finditer(text):
        name, value = match[1], match[2] if match[3] is None else match[3]
        if name == "NOT":
            parts[-1][1]["invert"] = "yes"
        elif value is not None:
            parts[-1][1][name] = value
        else:
            parts.append((name, {}))
    return _build_rule(text, parts)


def _build_rule(text: str, parts: list[tuple[str, dict[str, str]]]) -> RichRule:
    clauses: dict[str, dict[str, str]] = {}
    for name, values in parts:
        clauses.setdefault(name, values)
    head = clauses.get("rule", {})
    action = next((name for name in _ACTIONS if name in clauses), "")
    element = next((name for name, _ in parts[1:] if name not in _NON_ELEMENTS), "")
    priority = head.get("priority", "0")
    return RichRule(
        text=text,
        priority=int(priority) if re.fullmatch(r"-?\d{1,6}", priority) else 0,
        family={"ipv4": 4, "ipv6": 6}.get(head.get("family", "")),
        source=_address_match(clauses.get("source")),
        destination=_address_match(clauses.get("destination")),
        element=element,
        values=tuple(clauses.get(element, {}).items()),
        action=action,
        limited=bool(parts) and parts[-1][0] == "limit" and action != "",
    )


_NON_ELEMENTS = {"rule", "source", "destination", "log", "nflog", "audit", "limit", *_ACTIONS}


def _address_match(values: dict[str, str] | None) -> AddressMatch | None:
    if not values:
        return None
    name = values.get("address") or values.get("mac") or ""
    name = f"ipset:{values['ipset']}" if "ipset" in values else name
    return AddressMatch(name, "invert" in values)


#: Function from the name of a set to its members.
Members = Callable[[str], Iterable[str]]
#: Function from a service to the ports that it opens.
Opens = Callable[[str], Iterable[PortRange]]


def matches_packet(rule: RichRule, packet: Packet, members: Members, opens: Opens) -> bool:
    """Return whether a rule matches this packet. A stranger's address is assumed not to be in the
    sources that rules name."""
    endpoints = ((rule.source, packet.source), (rule.destination, packet.to))
    return (
        rule.family in (None, packet.family)
        and all(
            address_match is None
            or is_address_in(address, address_match.name, packet.family, members)
            is not address_match.inverted
            for address_match, address in endpoints
        )
        and is_about_port(rule, packet.port, opens)
    )


def is_about_port(rule: RichRule, port: int, opens: Opens) -> bool:
    """Return whether a rule applies to a TCP port, firewalld.richlanguage(5). One without an
    element applies to all; `opens` returns the ports of a service."""
    match rule.element:
        case "":
            return True
        case "service":
            return any(
                port in port_range and port_range.protocol == "tcp"
                for port_range in opens(rule.value("name"))
            )
        case "port" | "forward-port":
            return rule.value("protocol") == "tcp" and _covers(rule.value("port"), port)
        case "protocol":
            return rule.value("value") in {"tcp", "6"}
    return False


def _covers(port_text: str, port: int) -> bool:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", port_text)
    return bool(match) and int(match[1]) <= port <= int(match[2] or match[1]) if match else False


def forward_port_matches(rule: str, packet: Packet) -> bool:
    """Return whether a forward-port, as firewall-cmd lists it, redirects the packet. Without an
    address, or with an IPv4 address, it applies to IPv4 only (nftables.py of firewalld)."""
    match = re.match(r"port=([\d-]+):proto=(\w+):toport=[\d-]*(?::toaddr=(.*))?$", rule)
    if not match or match[2] != "tcp" or not _covers(match[1], packet.port):
        return False
    return packet.family == (6 if ":" in (match[3] or "") else 4)


def is_address_in(address: str, source: str, family: int, members: Members) -> bool:
    """Return whether an address is in a network or a set. A stranger ("") is only in networks that
    hold a quarter of all addresses or more."""
    if source.startswith("ipset:"):
        return any(
            is_address_in(address, member, family, _no_sets) for member in members(source[6:])
        )
    try:
        network = _network(source)
        if not address:
            return network.version == family and network.prefixlen <= 2
        return ipaddress.ip_address(address.partition("%")[0]) in network
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _network(source: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(source, strict=False)


def _no_sets(name: str) -> Iterable[str]:
    return ()
