"""firewalld's rich rules (firewalld.richlanguage(5)): one rule's parts, and whether it is about
a packet. Pure."""

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
    """The first packet of a visitor's TCP connection. `source` is "" for a stranger, of whom
    nothing is known."""

    port: int
    family: int = 4
    source: str = ""
    to: str = ""
    nic: str = ""


@frozen
class Place:
    """An address, a set ("ipset:…") or a MAC address; `other` where all but that is meant."""

    name: str
    other: bool = False


@frozen
class RichRule:
    """A rule's parts. `element` is what it is about ("service", "port", "forward-port", …, ""
    for everything) with its `values`; `action` is "" where that says all (forward-port)."""

    text: str
    priority: int = 0
    family: int | None = None
    source: Place | None = None
    destination: Place | None = None
    element: str = ""
    values: tuple[tuple[str, str], ...] = ()
    action: str = ""
    limited: bool = False

    def value(self, name: str) -> str:
        return dict(self.values).get(name, "")


@lru_cache(maxsize=4096)
def rich_rule(text: str) -> RichRule:
    """A rule as firewall-cmd lists it, taken apart. What is not known of it is passed over."""
    parts: list[tuple[str, dict[str, str]]] = [("", {})]
    for found in _WORD.finditer(text):
        name, value = found[1], found[2] if found[3] is None else found[3]
        if name == "NOT":
            parts[-1][1]["invert"] = "yes"
        elif value is not None:
            parts[-1][1][name] = value
        else:
            parts.append((name, {}))
    return _made(text, parts)


def _made(text: str, parts: list[tuple[str, dict[str, str]]]) -> RichRule:
    known: dict[str, dict[str, str]] = {}
    for name, values in parts:
        known.setdefault(name, values)
    head = known.get("rule", {})
    action = next((name for name in _ACTIONS if name in known), "")
    element = next((name for name, _ in parts[1:] if name not in _AROUND), "")
    priority = head.get("priority", "0")
    return RichRule(
        text=text,
        priority=int(priority) if re.fullmatch(r"-?\d{1,6}", priority) else 0,
        family={"ipv4": 4, "ipv6": 6}.get(head.get("family", "")),
        source=_place(known.get("source")),
        destination=_place(known.get("destination")),
        element=element,
        values=tuple(known.get(element, {}).items()),
        action=action,
        limited=bool(parts) and parts[-1][0] == "limit" and action != "",
    )


_AROUND = {"rule", "source", "destination", "log", "nflog", "audit", "limit", *_ACTIONS}


def _place(values: dict[str, str] | None) -> Place | None:
    if not values:
        return None
    name = values.get("address") or values.get("mac") or ""
    name = f"ipset:{values['ipset']}" if "ipset" in values else name
    return Place(name, "invert" in values)


#: The members of a named set.
Members = Callable[[str], Iterable[str]]
#: What a service opens.
Opens = Callable[[str], Iterable[PortRange]]


def about(rule: RichRule, packet: Packet, members: Members, opens: Opens) -> bool:
    """Whether a rule is about this packet. A stranger comes from everywhere but the places that
    are named."""
    ends = ((rule.source, packet.source), (rule.destination, packet.to))
    return (
        rule.family in (None, packet.family)
        and all(
            place is None or within(address, place.name, packet.family, members) is not place.other
            for place, address in ends
        )
        and is_about_port(rule, packet.port, opens)
    )


def is_about_port(rule: RichRule, port: int, opens: Opens) -> bool:
    match rule.element:
        case "":
            return True
        case "service":
            return any(port in one and one.protocol == "tcp" for one in opens(rule.value("name")))
        case "port" | "forward-port":
            return rule.value("protocol") == "tcp" and _covers(rule.value("port"), port)
        case "protocol":
            return rule.value("value") in {"tcp", "6"}
    return False


def _covers(written: str, port: int) -> bool:
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", written)
    return bool(found) and int(found[1]) <= port <= int(found[2] or found[1]) if found else False


def forwards(rule: str, packet: Packet) -> bool:
    """Whether a forward-port as firewall-cmd lists it leads the packet elsewhere: without an
    address, or to one of IPv4, it is about IPv4 only (nftables.py of firewalld)."""
    found = re.match(r"port=([\d-]+):proto=(\w+):toport=[\d-]*(?::toaddr=(.*))?$", rule)
    if not found or found[2] != "tcp" or not _covers(found[1], packet.port):
        return False
    return packet.family == (6 if ":" in (found[3] or "") else 4)


def within(address: str, place: str, family: int, members: Members) -> bool:
    """Whether an address lies in a network or a set. A stranger ("") lies in those that hold
    (nearly) everybody: a quarter of all addresses and more."""
    if place.startswith("ipset:"):
        return any(within(address, one, family, _no_sets) for one in members(place[6:]))
    try:
        network = _network(place)
        if not address:
            return network.version == family and network.prefixlen <= 2
        return ipaddress.ip_address(address.partition("%")[0]) in network
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _network(place: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(place, strict=False)


def _no_sets(name: str) -> Iterable[str]:
    return ()
