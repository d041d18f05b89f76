"""The variables that nginx makes of an address in `geo` (nginx.org, ngx_http_geo_module). Pure."""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Place, children

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=4096)
def network(text: str) -> Network | None:
    """An address or a network, its host bits passed over as nginx does; None for what is none."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def geo_values(
    place: Place, known: Mapping[str, str | None], used: frozenset[str]
) -> dict[str, str]:
    """Each variable of these that a geo block makes, as far as the address it asks is known."""
    found = {}
    for one in children(place.blocks[0], "geo"):
        if not one.args or len(one.args) > 2 or one.args[-1].lstrip("$") not in used:
            continue
        asked = one.args[0] if len(one.args) == 2 else "$remote_addr"
        text = server_blocks.value(place, asked, known)
        value = None if text is None else looked_up(one, text)
        if value is not None:
            found[one.args[-1].lstrip("$")] = value
    return found


def looked_up(block: Directive, text: str) -> str | None:
    """What a geo block has for an address; None where it would take another one for it."""
    try:
        address: Address | None = ipaddress.ip_address(text)
    except ValueError:
        address = None
    address = getattr(address, "ipv4_mapped", None) or address
    if address and any(_holds(one, address) for one in _entries(block, "proxy")):
        return None
    ranges = any(one.name == "ranges" for one in block.block or ())
    default = [one.args[0] for one in children(block, "default") if one.args]
    usual = default[-1] if default else ""
    if address is None:
        return usual
    found = _by_range(block, address) if ranges else _by_network(block, address)
    return usual if found is None else found


def _entries(block: Directive, name: str) -> Iterator[Network]:
    for one in children(block, name):
        if one.args and (among := network(one.args[0])):
            yield among


def _holds(among: Network, address: Address) -> bool:
    return among.version == address.version and address in among


_WHOLE = {4: "0.0.0.0/0", 6: "::/0"}


def _by_network(block: Directive, address: Address) -> str | None:
    """The narrowest network counts, and of one that is named twice the later value."""
    found: dict[Network, str] = {}
    for one in block.block or ():
        # A default is the widest network, and as such may be named again.
        if one.name == "default" and one.args and (whole := network(_WHOLE[address.version])):
            found[whole] = one.args[0]
        if one.name == "delete" and one.args and (gone := network(one.args[0])):
            found.pop(gone, None)
        elif one.args and (among := network(one.name)) and _holds(among, address):
            found[among] = one.args[0]
    return max(found.items(), key=lambda item: item[0].prefixlen, default=(None, None))[1]


def _by_range(block: Directive, address: Address) -> str | None:
    """Ranges of IPv4 addresses, of which a later one overrides an earlier."""
    found = None
    for one in block.block or ():
        text = one.args[0] if one.name == "delete" and one.args else one.name
        first, dash, last = text.partition("-")
        try:
            low, high = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
        except ValueError:
            continue
        if dash and address.version == 4 and low <= address <= high:
            found = None if one.name == "delete" else one.args[0] if one.args else found
    return found
