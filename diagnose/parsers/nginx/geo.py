"""Evaluate `geo` blocks: variables that depend on an address (ngx_http_geo_module). No I/O."""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.long_runs import entries
from diagnose.parsers.nginx.variables import expand_variables

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=4096)
def network(text: str) -> Network | None:
    """Parse an address or a network, ignoring host bits as nginx does; None if it is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def geo_values(
    location: LocationMatch, variables: Mapping[str, str | None], used: frozenset[str]
) -> dict[str, str]:
    """Return the `used` variables that geo blocks set, if the address they depend on is known."""
    values = {}
    for geo_block in children(location.blocks[0], "geo"):
        if (
            not geo_block.args
            or len(geo_block.args) > 2
            or geo_block.args[-1].lstrip("$") not in used
        ):
            continue
        source = geo_block.args[0] if len(geo_block.args) == 2 else "$remote_addr"
        text = expand_variables(location, source, variables)
        value = None if text is None else geo_lookup(geo_block, text)
        if value is not None:
            values[geo_block.args[-1].lstrip("$")] = value
    return values


def geo_lookup(block: Directive, text: str) -> str | None:
    """Return a geo block's value for an address; None if the block treats the address as a proxy
    and would use another one."""
    try:
        address: Address | None = ipaddress.ip_address(text)
    except ValueError:
        address = None
    address = getattr(address, "ipv4_mapped", None) or address
    if address and any(_contains(subnet, address) for subnet in _subnets(block, "proxy")):
        return None
    ranges = any(directive.name == "ranges" for directive in block.block or ())
    default = [directive.args[0] for directive in children(block, "default") if directive.args]
    default_value = default[-1] if default else ""
    if address is None:
        return default_value
    value = _by_range(block, address) if ranges else _by_network(block, address)
    return default_value if value is None else value


def _subnets(block: Directive, name: str) -> Iterator[Network]:
    for directive in children(block, name):
        if directive.args and (subnet := network(directive.args[0])):
            yield subnet


def _contains(subnet: Network, address: Address) -> bool:
    return subnet.version == address.version and address in subnet


_ALL_ADDRESSES = {4: "0.0.0.0/0", 6: "::/0"}


def _by_network(block: Directive, address: Address) -> str | None:
    """Return the value of the narrowest network; of two equal networks the later one counts."""
    values: dict[Network, str] = {}
    for directive in entries(block.block):
        # A default is the widest network and may also be written as that network.
        if (
            directive.name == "default"
            and directive.args
            and (default_network := network(_ALL_ADDRESSES[address.version]))
        ):
            values[default_network] = directive.args[0]
        if (
            directive.name == "delete"
            and directive.args
            and (deleted := network(directive.args[0]))
        ):
            values.pop(deleted, None)
        elif directive.args and (subnet := network(directive.name)) and _contains(subnet, address):
            values[subnet] = directive.args[0]
    return max(values.items(), key=lambda item: item[0].prefixlen, default=(None, None))[1]


def _by_range(block: Directive, address: Address) -> str | None:
    """Return the value of the last matching range of IPv4 addresses."""
    value = None
    for directive in entries(block.block):
        range_text = (
            directive.args[0] if directive.name == "delete" and directive.args else directive.name
        )
        first, dash, last = range_text.partition("-")
        try:
            low, high = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
        except ValueError:
            continue
        if dash and address.version == 4 and low <= address <= high:
            value = (
                None
                if directive.name == "delete"
                else directive.args[0]
                if directive.args
                else value
            )
    return value
