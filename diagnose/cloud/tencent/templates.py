"""Parameter templates: named lists of addresses and of ports that rules refer to. Pure and total.

Source: Tencent Cloud API, VPC 2017-03-12, AddressTemplate and ServiceTemplate.
"""

import ipaddress
from collections.abc import Iterable, Mapping

from diagnose.cloud.address_sets import network_range
from diagnose.cloud.fields import port_range, text
from diagnose.model.cloud import ALL_PORTS, PortRange, Protocol
from diagnose.model.frozen import frozen

#: What is read of the ports of one rule; the API allows 15.
_MAX_PORTS = 100
#: Characters. A longer text is cut, and its last port with it.
_MAX_PORT_TEXT = 190
#: Protocols of the API, in lower case. What is not TCP, UDP or ICMP is of no interest here.
_PROTOCOLS: Mapping[str, Protocol] = {
    "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmpv6": "icmp", "all": "all", "gre": "other",
}  # fmt: skip


@frozen
class Service:
    """A protocol and its ports."""

    protocol: Protocol = "all"
    ports: tuple[PortRange, ...] = ALL_PORTS


@frozen
class Templates:
    """The members of templates, by the id of a template or of a group of templates."""

    addresses: Mapping[str, tuple[str, ...]]
    services: Mapping[str, tuple[Service, ...]]


NO_TEMPLATES = Templates({}, {})


def service_of(protocol: object, port: object) -> tuple[Service, str]:
    """Return what a rule's Protocol and Port mean, and what of them could not be read."""
    name = text(protocol).strip().lower()
    template = _PROTOCOLS.get(name)
    if template is None:
        return Service(), f"the protocol {name}" if name else "the protocol"
    if template not in {"tcp", "udp"}:
        return Service(template), ""
    ports = port_ranges(port)
    if ports is None:
        return Service(template), f"the port {text(port)}"
    return Service(template, ports), ""


def port_ranges(value: object) -> tuple[PortRange, ...] | None:
    """Return the ports of "all", "443", "80,443" or "8000-8010", None for anything else."""
    words = text(value)
    if len(words) >= _MAX_PORT_TEXT:
        return None
    if not words:
        return ALL_PORTS
    ranges = [port_range(part, "-") for part in words.split(",", _MAX_PORTS)]
    ports = tuple(read_range for read_range in ranges if read_range is not None)
    return ports if len(ports) == len(ranges) else None


def services_of_template(members: Iterable[object]) -> tuple[Service, ...] | None:
    """Return the services of a template ("tcp:80,443", "udp:all"), None if one is unclear."""
    services: list[Service] = []
    for member in members:
        protocol, _, ports = text(member).partition(":")
        service, unread = service_of(protocol, ports)
        if unread:
            return None
        services.append(service)
    return tuple(services)


def addresses_of_template(members: Iterable[object]) -> tuple[str, ...] | None:
    """Return the networks of a template, None if a member is not understood.

    A member is an address, a network or a range: "10.0.0.1-10.0.0.100".
    """
    networks: list[str] = []
    for member in members:
        words = text(member).strip()
        parts = [words] if network_range(words) else _networks_of_range(words)
        if not parts:
            return None
        networks += parts
    return tuple(networks)


def _networks_of_range(words: str) -> list[str]:
    first, _, last = words.partition("-")
    low, high = network_range(first), network_range(last)
    if low is None or high is None or low[0] != high[0] or low[1][0] > high[1][1]:
        return []
    address_type = ipaddress.IPv4Address if low[0] == 4 else ipaddress.IPv6Address
    ends = address_type(low[1][0]), address_type(high[1][1])
    return [str(network) for network in ipaddress.summarize_address_range(*ends)]
