"""Whether nft recreates the same rule from the text of `diagnose.parsers.netfilter.nft_writer`.
No I/O.

Every statement and field must be fully known, with everything that nft may print about it. If a
newer nft prints anything else, the rule does not count as the same.
"""

import re
from collections.abc import Mapping
from typing import Any

from diagnose.parsers.netfilter.nft_writer import BINARY, MAX_ITEMS

_BARE = {"accept", "drop", "return", "continue", "notrack"}
_NAT = {"family", "addr", "port", "flags", "type_flags"}
_STATEMENTS: Mapping[str, set[str]] = {
    "match": {"op", "left", "right"},
    "vmap": {"key", "data"},
    "mangle": {"key", "value"},
    "counter": {"packets", "bytes"},
    "last": {"used"},
    "limit": {"rate", "rate_unit", "per", "burst", "burst_unit", "inv"},
    "quota": {"val", "val_unit", "used", "used_unit", "inv"},
    "ct count": {"val", "inv"},
    "log": {"prefix", "level", "group", "snaplen", "queue-threshold", "flags"},
    "reject": {"type", "expr"},
    "jump": {"target"},
    "goto": {"target"},
    "dnat": _NAT,
    "snat": _NAT,
    "redirect": _NAT,
    "masquerade": _NAT,
    # Without the element's own timeout, because nft prints it in whole seconds.
    "set": {"op", "elem", "set", "stmt"},
    "map": {"op", "elem", "data", "map"},
}
#: Statements that may have no body, and statements whose body may be the name of an object.
_EMPTY = {"counter", "last", "log", "reject", "redirect", "masquerade"}
_NAMED = {"counter", "limit", "quota", "ct helper", "ct timeout", "ct expectation"}
_FIELDS: Mapping[str, set[str]] = {
    "payload": {"protocol", "field", "base", "offset", "len"},
    "meta": {"key"},
    "ct": {"key", "dir"},
    "fib": {"result", "flags"},
    "numgen": {"mode", "mod", "offset"},
    "tcp option": {"name", "field"},
    "ip option": {"name", "field"},
    "prefix": {"addr", "len"},
    "elem": {"val"},
    "map": {"key", "data"},
}
#: Fields that nft prints in the local time of the reader.
_CLOCKS = {"time", "day", "hour"}
#: nft has no escape for a quotation mark, and replaces `$name` by its definition.
_TEXT = re.compile(r"[ !#%-~]*")
_WORD = re.compile(r"[\w@*:][\w.:/@+*-]*", re.ASCII)


def survives_roundtrip(expressions: Any, comment: str = "") -> bool:
    """Return whether a rule with this `expr` and comment is recreated exactly."""
    return isinstance(expressions, list) and all(map(_statement, expressions)) and _is_text(comment)


def _is_text(text: Any) -> bool:
    return isinstance(text, str) and _TEXT.fullmatch(text) is not None


def _statement(node: Any) -> bool:
    if isinstance(node, str):
        return node in _BARE
    if not isinstance(node, Mapping) or len(node) != 1:
        return False
    ((name, body),) = node.items()
    if body is None:
        return name in _BARE or name in _EMPTY
    if isinstance(body, str):
        return name in _NAMED and _is_text(body)
    allowed_keys = _STATEMENTS.get(name)
    if allowed_keys is None or not isinstance(body, Mapping) or not body.keys() <= allowed_keys:
        return False
    return all(_part(name, key, value) for key, value in body.items())


def _part(name: str, key: str, value: Any) -> bool:
    match name, key:
        case "log", "prefix":
            return _is_text(value)
        case "log", "flags":
            return True
        case "set", "stmt":
            return isinstance(value, list) and all(map(_statement, value))
        case "match", "op":
            return True
        case "reject", "type":
            return value in ("icmp", "icmpv6", "icmpx", "tcp reset")
    return _expression(value)


def _expression(node: Any) -> bool:
    match node:
        case bool() | int():
            return True
        case str():
            return _WORD.fullmatch(node) is not None
        case list():
            return all(map(_expression, node))
        case {"set": list(items)}:
            return len(items) <= MAX_ITEMS and all(map(_element, items))
        case {"concat": list(parts)} | {"range": list(parts)}:
            return all(map(_expression, parts))
        case Mapping() if len(node) == 1:
            ((name, body),) = node.items()
            return all(map(_expression, body)) if name in BINARY else _field(name, body)
    return False


def _field(name: str, body: Any) -> bool:
    allowed_keys = _FIELDS.get(name)
    if allowed_keys is None or not isinstance(body, Mapping) or not body.keys() <= allowed_keys:
        return False
    is_clock = name == "meta" and body.get("key") in _CLOCKS
    words = body["key"].split() if name == "ct" else ()
    return not is_clock and all(map(_expression, words or body.values()))


def _element(node: Any) -> bool:
    """Check an element of a set or, as a pair with a verdict or a value, of a map."""
    if isinstance(node, list) and len(node) == 2:
        return _expression(node[0]) and (_statement(node[1]) or _expression(node[1]))
    return _expression(node)
