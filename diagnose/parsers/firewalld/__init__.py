"""firewalld's zones, policies and services, from the output of firewall-cmd (`cmd_output`) and
dbus-send (`dbus_output`) and from its files (`config_files`), and what they decide (`rich_rules`,
`evaluator`). No I/O."""

import re
from collections.abc import Iterable, Mapping

from diagnose.model.firewall import PortRange
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Most items of a list that are kept.
MAX_ITEMS = 2000

#: Most entries of a set of addresses that are kept.
MAX_SET_ENTRIES = 500


@frozen
class ZoneText:
    """A zone as written: its services are names, not yet resolved to ports."""

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
    """Parse "443" or "8000-8010" with its protocol; None if it is not a port."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", port.strip())
    if not match:
        return None
    low = int(match[1])
    return PortRange(low, int(match[2] or low), clean(protocol.lower(), 10))


def open_ports(
    ports: Iterable[PortRange],
    services: Iterable[str],
    definitions: Mapping[str, ServiceText],
) -> tuple[PortRange, ...]:
    """Return everything that ports and services open, including included services."""
    opened_ports = dict.fromkeys(ports)
    pending, visited = list(services), set()
    while pending:
        name = pending.pop(0)
        if name in visited or name not in definitions:
            continue
        visited.add(name)
        opened_ports |= dict.fromkeys(definitions[name].ports)
        pending += definitions[name].includes
    return tuple(opened_ports)


def named_services(*texts: ZoneText | PolicyText) -> set[str]:
    """Return the services that zones and policies name, also in rich rules."""
    service_lists = (
        re.findall(r'\bservice name="([^"]+)"', rule) for text in texts for rule in text.rich_rules
    )
    return {service for text in texts for service in text.services} | {
        service for services in service_lists for service in services
    }


def port_ranges(pairs: Iterable[tuple[str, str]]) -> tuple[PortRange, ...]:
    return tuple(parsed for port, protocol in pairs if (parsed := port_range(port, protocol)))


def protocol_ranges(protocols: Iterable[str]) -> tuple[PortRange, ...]:
    """Return all ports of each protocol that is allowed as a whole."""
    return tuple(PortRange(0, 65535, name) for name in protocols if name in {"tcp", "udp"})


def forward_port_text(port: str, protocol: str, to_port: str, to_address: str) -> str:
    """Return a forward-port as firewall-cmd lists it."""
    return clean(f"port={port}:proto={protocol}:toport={to_port}:toaddr={to_address}", 500)


def parse_priority(text: object, default: int) -> int:
    """Return a priority as a number, or the default if it is not one."""
    digits = str(text).strip()
    return int(digits) if re.fullmatch(r"-?\d{1,6}", digits) else default
