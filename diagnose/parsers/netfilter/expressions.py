"""What nft's JSON compares: the names of fields, and their values as spans."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.rules import (
    FLAGS,
    PROTOCOLS,
    STATES,
    STATUS,
    Element,
    Span,
    address,
)

_FIB_TYPE = re.compile(r"fib .* type")
_ADDRESS = re.compile(r"[0-9a-f:.]*[:.][0-9a-f:.]*(/\d+)?", re.IGNORECASE)
#: The names that nft prints for numbers, by the field.
_NAMES: dict[str, Mapping[str, int]] = {
    "ct state": STATES,
    "ct status": STATUS,
    "ct direction": {"original": 0, "reply": 1},
    "ct protocol": PROTOCOLS,
    "ct l3proto": {"ipv4": 2, "ipv6": 10},
    "tcp flags": FLAGS,
    "meta l4proto": PROTOCOLS,
    "meta nfproto": {"ipv4": 2, "ipv6": 10},
    "meta protocol": {"ip": 0x0800, "ip6": 0x86DD, "arp": 0x0806, "vlan": 0x8100},
    "meta pkttype": {"host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3},
    "ip protocol": PROTOCOLS,
    "ip6 nexthdr": PROTOCOLS,
}
#: A type of a set's elements, and a field that has this type.
_TYPES = {
    "ct_state": "ct state",
    "ct_status": "ct status",
    "ct_dir": "ct direction",
    "tcp_flag": "tcp flags",
    "inet_proto": "meta l4proto",
    "nf_proto": "meta nfproto",
    "ether_type": "meta protocol",
    "pkt_type": "meta pkttype",
    "ifname": "meta iifname",
    "iface_index": "meta iif",
    "fib_addrtype": "fib daddr type",
}
#: Their values are names, though they may look like something else.
_INTERFACES = ("meta iif", "meta iifname", "meta oif", "meta oifname")


class Odd(ValueError):
    """A form that is not known: what it belongs to cannot be judged."""


def keys(one: Any) -> tuple[tuple[str, ...], int | None]:
    """The fields, and the mask that is laid on the only one."""
    match one:
        case {"concat": list(parts)}:
            found = [key for part in parts for key in keys(part)[0]]
            if any(keys(part)[1] is not None for part in parts):
                raise Odd(nft_writer.expression(one))
            return tuple(found), None
        case {"&": [part, mask]}:
            (key,), inner = keys(part)
            if inner is not None:
                raise Odd(nft_writer.expression(one))
            return (key,), bits(mask, key)
        case {"payload": {"protocol": str(protocol), "field": str(field)}}:
            return (f"{protocol} {field}",), None
        case {"meta": {"key": str(key)}}:
            return (f"meta {key}",), None
    return (nft_writer.expression(one),), None


def bits(one: Any, key: str) -> int:
    """A number, or names of bits: `syn | ack`."""
    if isinstance(one, Mapping) and "|" in one:
        one = one["|"]
    whole = 0
    for part in one if isinstance(one, list) else [one]:
        nested = isinstance(part, Mapping) and "|" in part
        number = bits(part, key) if nested else atom(part, key)[0]
        if not isinstance(number, int):
            raise Odd(nft_writer.expression(one))
        whole |= number
    return whole


def atom(one: Any, key: str) -> Span:
    """A single value of this field."""
    if isinstance(one, int):
        return int(one), int(one)
    if not isinstance(one, str):
        raise Odd(nft_writer.expression(one))
    if (known := _NAMES.get(key)) and one in known:
        return known[one], known[one]
    if key in _INTERFACES:
        return one
    if _ADDRESS.fullmatch(one):
        try:
            return address(one)
        except ValueError:
            return one
    return (int(one, 0),) * 2 if re.fullmatch(r"\d+|0x[0-9a-f]+", one) else one


def span(one: Any, key: str) -> Span:
    """One value, or all from the first to the last of a range or a network."""
    match one:
        case int() | str():
            return atom(one, key)
        case {"prefix": {"addr": str(start), "len": int(length)}}:
            return address(f"{start}/{length}")
        case {"range": [low, high]}:
            first, last = atom(low, key), atom(high, key)
            if isinstance(first, str) or isinstance(last, str):
                raise Odd(nft_writer.expression(one))
            return first[0], last[1]
        case {"|": _}:
            whole = bits(one, key)
            return whole, whole
    raise Odd(nft_writer.expression(one))


def element(one: Any, of: tuple[str, ...]) -> Element:
    """A value for each field. `*` is the element for all that no other one fits."""
    if isinstance(one, Mapping):
        if "elem" in one:
            return element(one["elem"]["val"], of)
        if "concat" in one:
            return tuple(span(part, key) for part, key in zip(one["concat"], of, strict=True))
    if one == "*":
        return ()
    return (span(one, of[0]),)


def elements(listed: Iterable[Any], of: tuple[str, ...]) -> tuple[Element, ...]:
    return tuple(element(one, of) for one in listed)


def pairs(listed: Iterable[Any], of: tuple[str, ...]) -> list[tuple[Element, Any]]:
    """A map's: the element that fits everything comes last."""
    found = [(element(key, of), data) for key, data in listed]
    return sorted(found, key=lambda pair: not pair[0])


def types(declared: Any) -> tuple[str, ...]:
    """The fields that a set of this type compares with: `ipv4_addr`, a list, or `typeof …`."""
    if isinstance(declared, Mapping) and "typeof" in declared:
        return keys(declared["typeof"])[0]
    named = declared if isinstance(declared, list) else [declared]
    return tuple(_TYPES.get(str(one), str(one)) for one in named)
