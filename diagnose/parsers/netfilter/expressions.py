"""Parse the expressions in nft's JSON: names of fields, and values as spans."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.rules import (
    DSCP,
    ECN,
    FLAGS,
    ICMP_CODES,
    ICMP_TYPES,
    ICMPV6_TYPES,
    PROTOCOLS,
    STATES,
    STATUS,
    Element,
    Span,
    address_span,
)

_ADDRESS = re.compile(r"[0-9a-f:.]*[:.][0-9a-f:.]*(/\d+)?", re.IGNORECASE)
#: Per field, the names that nft prints for numbers.
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
    "icmp type": ICMP_TYPES,
    "icmp code": ICMP_CODES,
    "ip dscp": DSCP,
    "ip6 dscp": DSCP,
    "ip ecn": ECN,
    "ip6 ecn": ECN,
    "icmpv6 type": ICMPV6_TYPES,
}
#: A type of set elements -> a field that has this type.
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
#: Fields whose values are names, even if a value looks like a number or an address.
_INTERFACES = ("meta iif", "meta iifname", "meta oif", "meta oifname")


class UnsupportedForm(ValueError):
    """A form of JSON that is not supported: the part with it cannot be evaluated."""


def keys(expression: Any) -> tuple[tuple[str, ...], int | None]:
    """Return the fields, and the mask that is applied if there is only one."""
    match expression:
        case {"concat": list(parts)}:
            fields = [key for part in parts for key in keys(part)[0]]
            if any(keys(part)[1] is not None for part in parts):
                raise UnsupportedForm(nft_writer.expression(expression))
            return tuple(fields), None
        case {"&": [part, mask]}:
            (key,), inner_mask = keys(part)
            if inner_mask is not None:
                raise UnsupportedForm(nft_writer.expression(expression))
            return (key,), bits(mask, key)
        case {"payload": {"protocol": str(protocol), "field": str(field)}}:
            return (f"{protocol} {field}",), None
        case {"meta": {"key": str(key)}}:
            return (f"meta {key}",), None
    return (nft_writer.expression(expression),), None


def bits(expression: Any, key: str) -> int:
    """Return a number, or the combined bits of names: `syn | ack`."""
    if isinstance(expression, Mapping) and "|" in expression:
        expression = expression["|"]
    combined = 0
    for part in expression if isinstance(expression, list) else [expression]:
        nested = isinstance(part, Mapping) and "|" in part
        number = bits(part, key) if nested else atom(part, key)[0]
        if not isinstance(number, int):
            raise UnsupportedForm(nft_writer.expression(expression))
        combined |= number
    return combined


def atom(value: Any, key: str) -> Span:
    """Return a single value of this field as a span."""
    if isinstance(value, int):
        return int(value), int(value)
    if not isinstance(value, str):
        raise UnsupportedForm(nft_writer.expression(value))
    if (known_names := _NAMES.get(key)) and value in known_names:
        return known_names[value], known_names[value]
    if key in _INTERFACES:
        return value
    if _ADDRESS.fullmatch(value):
        try:
            return address_span(value)
        except ValueError:
            return value
    return (int(value, 0),) * 2 if re.fullmatch(r"\d+|0x[0-9a-f]+", value) else value


def span(value: Any, key: str) -> Span:
    """Return the span of a value, a range or a network."""
    match value:
        case int() | str():
            return atom(value, key)
        case {"prefix": {"addr": str(start), "len": int(length)}}:
            return address_span(f"{start}/{length}")
        case {"range": [low, high]}:
            first, last = atom(low, key), atom(high, key)
            if isinstance(first, str) or isinstance(last, str):
                raise UnsupportedForm(nft_writer.expression(value))
            return first[0], last[1]
        case {"|": _}:
            number = bits(value, key)
            return number, number
    raise UnsupportedForm(nft_writer.expression(value))


def element(value: Any, fields: tuple[str, ...]) -> Element:
    """Return one value per field. `*` becomes the empty element, which matches everything else."""
    if isinstance(value, Mapping):
        if "elem" in value:
            return element(value["elem"]["val"], fields)
        if "concat" in value:
            return tuple(span(part, key) for part, key in zip(value["concat"], fields, strict=True))
    if value == "*":
        return ()
    return (span(value, fields[0]),)


def elements(values: Iterable[Any], fields: tuple[str, ...]) -> tuple[Element, ...]:
    return tuple(element(value, fields) for value in values)


def pairs(raw_entries: Iterable[Any], fields: tuple[str, ...]) -> list[tuple[Element, Any]]:
    """Return a map's entries; the element that matches everything comes last."""
    entries = [(element(key, fields), data) for key, data in raw_entries]
    return sorted(entries, key=lambda pair: not pair[0])


def type_fields(set_type: Any) -> tuple[str, ...]:
    """Return the fields that a set of this type is compared with: a type, a list or `typeof …`."""
    if isinstance(set_type, Mapping) and "typeof" in set_type:
        return keys(set_type["typeof"])[0]
    type_names = set_type if isinstance(set_type, list) else [set_type]
    return tuple(_TYPES.get(str(type_name), str(type_name)) for type_name in type_names)
