"""firewalld's zones, policies and services: out of what firewall-cmd (`listed`) and dbus-send
(`bus`) print and out of its files (`files`), and what they decide (`rich`, `deciding`). Pure."""

import re
from collections.abc import Iterable, Mapping

from diagnose.model.firewall import PortRange
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: A list longer than this is cut.
MOST = 2000

#: Of a set of addresses so much is kept.
MOST_OF_SET = 500


@frozen
class ZoneText:
    """A zone as written: what its services open is not known to it."""

    name: str
    target: str = "default"
    active: bool = False
    default: bool = False
    priority: int = 0
    interfaces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    rich_rules: tuple[str, ...] = ()
    forward_ports: tuple[str, ...] = ()


@frozen
class PolicyText:
    """A policy as written."""

    name: str
    target: str = "CONTINUE"
    priority: int = -1
    ingress: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    rich_rules: tuple[str, ...] = ()
    forward_ports: tuple[str, ...] = ()


@frozen
class ServiceText:
    """A service: the ports it opens and the services it includes."""

    ports: tuple[PortRange, ...] = ()
    includes: tuple[str, ...] = ()


def port_range(port: str, protocol: str) -> PortRange | None:
    """ "443" or "8000-8010" and its protocol; None where it is no port."""
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", port.strip())
    if not found:
        return None
    low = int(found[1])
    return PortRange(low, int(found[2] or low), clean(protocol.lower(), 10))


def opened(
    ports: Iterable[PortRange],
    services: Iterable[str],
    known: Mapping[str, ServiceText],
) -> tuple[PortRange, ...]:
    """All that ports and services open, includes followed."""
    found = dict.fromkeys(ports)
    waiting, seen = list(services), set()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in known:
            continue
        seen.add(name)
        found |= dict.fromkeys(known[name].ports)
        waiting += known[name].includes
    return tuple(found)


def wanted(*texts: ZoneText | PolicyText) -> set[str]:
    """The services that zones and policies name, in their rich rules too."""
    named = (
        re.findall(r'\bservice name="([^"]+)"', rule) for text in texts for rule in text.rich_rules
    )
    return {one for text in texts for one in text.services} | {
        one for found in named for one in found
    }


def ranges(pairs: Iterable[tuple[str, str]]) -> tuple[PortRange, ...]:
    return tuple(found for port, protocol in pairs if (found := port_range(port, protocol)))


def whole(protocols: Iterable[str]) -> tuple[PortRange, ...]:
    """A protocol that is let through as such has all its ports open."""
    return tuple(PortRange(0, 65535, name) for name in protocols if name in {"tcp", "udp"})


def forward(port: str, protocol: str, to_port: str, to_address: str) -> str:
    """As firewall-cmd lists it."""
    return clean(f"port={port}:proto={protocol}:toport={to_port}:toaddr={to_address}", 500)


def number(text: object, otherwise: int) -> int:
    """A priority."""
    written = str(text).strip()
    return int(written) if re.fullmatch(r"-?\d{1,6}", written) else otherwise
