"""Parse the statements of a rule in nft's JSON into steps."""

from collections.abc import Callable, Mapping
from typing import Any

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.expressions import (
    UnsupportedForm,
    bits,
    element,
    elements,
    keys,
    pairs,
    span,
)
from diagnose.parsers.netfilter.rules import (
    Add,
    Assign,
    DataMap,
    Element,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Opaque,
    Reject,
    Step,
    Unknown,
    Untrack,
    Verdict,
    VerdictMap,
)

#: Statements that do not affect the packet's path.
_HARMLESS = {
    "counter", "log", "last", "comment", "dup", "flow", "reset", "secmark",
    "ct helper", "ct timeout", "ct expectation",
}  # fmt: skip
#: Targets of iptables-nft; nft's JSON contains only their names.
_HARMLESS_TARGETS = {"LOG", "NFLOG", "TEE", "TRACE", "TCPMSS", "CHECKSUM"}
_BITS = ("ct state", "ct status", "ct label", "tcp flags")
_MARKS = ("meta mark", "ct mark")
#: Fields that may be written without an effect on whether the packet arrives.
_UNREAD = ("ip dscp", "ip6 dscp", "ip ecn", "ip6 ecn", "ip6 flowlabel", "ip id")
#: A packet that is let live for fewer hops does not reach every visitor. Most are within 32.
SHORT_LIFE = 32
_ALL = 0xFFFFFFFF


def step(statement: Any, over: Mapping[str, bool]) -> Step | None:
    """Return the step of a statement, or None if it does not affect the packet. `over` maps named
    limits to whether they match above the limit. Never raises."""
    if isinstance(statement, str):
        statement = {statement: None}
    if not isinstance(statement, Mapping) or not statement:
        return Opaque("?")
    name, body = next(iter(statement.items()))
    if name in _HARMLESS and not _is_object_map(body):
        return None
    parse = _PARSERS.get(name)
    try:
        if _is_object_map(body) and (name in _LIMITS or name in _HARMLESS):
            return _object(name, body["map"], over)
        if name in _LIMITS:
            return _limit(name, body, over)
        return parse(body) if parse else Opaque(nft_writer.statement(statement))
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        text = nft_writer.statement(statement)
        return Unknown(text) if name == "match" else Opaque(text)


def verdict(data: Any) -> Verdict:
    name: Any = data
    body: Any = None
    if isinstance(data, Mapping):
        name, body = next(iter(data.items()), ("", None))
    if name in ("jump", "goto"):
        return Verdict(name, str(body["target"]))
    if name not in ("accept", "drop", "return", "continue"):
        raise UnsupportedForm(str(name))
    return Verdict(name)


def _match(body: Any) -> Step:
    fields, mask = keys(body["left"])
    key, right, op = fields[0], body["right"], body.get("op", "==")
    if key.startswith("fib ") and isinstance(right, bool | str) and _exists(right) is not None:
        exists = int(bool(_exists(right)))
        return Match((f"{key} exists",), op, (((exists, exists),),))
    if op == "in" and key not in _BITS:
        op = "=="
    if isinstance(right, str) and right.startswith("@"):
        return Match(fields, op, right[1:], mask)
    if isinstance(right, Mapping) and "set" in right:
        values = elements(right["set"], fields)
    elif isinstance(right, list):
        values = elements(right, fields)
    else:
        values = (element(right, fields),)
    return Match(fields, op, values, mask)


def _exists(right: bool | str) -> bool | None:
    """Return the meaning of `exists`, `missing`, or 0 (no interface); None for other values."""
    if isinstance(right, bool):
        return right
    return False if right == "0" else None


def _vmap(body: Any) -> Step:
    fields, mask = keys(body["key"])
    if mask is not None:
        raise UnsupportedForm("mask")
    data = body["data"]
    if isinstance(data, str):
        return VerdictMap(fields, data[1:])
    return VerdictMap(fields, tuple((key, verdict(to)) for key, to in pairs(data["set"], fields)))


def datum(value: Any) -> Element:
    """Parse the data of a map entry: an address, a port, both, or a mark."""
    if isinstance(value, Mapping) and "concat" in value:
        return tuple(span(part, "") for part in value["concat"])
    return (span(value, ""),)


def _map(body: Any) -> DataMap:
    fields, mask = keys(body["key"])
    if mask is not None:
        raise UnsupportedForm("mask")
    data = body["data"]
    if isinstance(data, str):
        return DataMap(fields, data[1:])
    return DataMap(fields, tuple((key, datum(to)) for key, to in pairs(data["set"], fields)))


def _number(value: Any) -> tuple[int, int]:
    number_span = span(value, "")
    if isinstance(number_span, str):
        raise UnsupportedForm(number_span)
    return number_span


def _target(value: Any) -> tuple[int, int] | DataMap | None:
    if value is None:
        return None
    return _map(value["map"]) if isinstance(value, Mapping) and "map" in value else _number(value)


def _nat(kind: Any) -> Callable[[Any], Step]:
    def parse(body: Any) -> Step:
        body = body or {}
        if isinstance(body.get("flags"), str | list) and "netmap" in body["flags"]:
            raise UnsupportedForm("netmap")
        address, port = _target(body.get("addr")), _target(body.get("port"))
        return Nat(kind, address, port, body.get("family", ""))

    return parse


def _reject(body: Any) -> Step:
    if not body:
        return Reject("icmpx", "port-unreachable")
    return Reject(body["type"], str(body.get("expr", "")))


def _mangle(body: Any) -> Step | None:
    (key,), mask = keys(body["key"])
    if mask is not None:
        raise UnsupportedForm("mask")
    if key not in _MARKS:
        if key in ("ip ttl", "ip6 hoplimit") and isinstance(body["value"], int):
            is_short = body["value"] < SHORT_LIFE
            return Opaque(f"{key} set {body['value']}", leaving=True) if is_short else None
        if "payload" in body["key"] and key not in _UNREAD:
            raise UnsupportedForm(key)
        return None
    return _assign(key, body["value"])


def _assign(key: str, value: Any) -> Assign:
    try:
        match value:
            case int():
                return Assign(key, value)
            case {"map": body}:
                return Assign(key, 0, _map(body))
            case {"&": [inner, mask]}:
                assignment, mask_bits = _assign(key, inner), bits(mask, key)
                flip = None if assignment.flip is None else assignment.flip & mask_bits
                return Assign(key, flip, assignment.source, assignment.keep & mask_bits)
            case {"|": [inner, number]}:
                assignment, set_ = _assign(key, inner), bits(number, key)
                flip = None if assignment.flip is None else (assignment.flip & ~set_) | set_
                return Assign(key, flip, assignment.source, assignment.keep & ~set_ & _ALL)
            case {"^": [inner, number]}:
                assignment = _assign(key, inner)
                flip = None if assignment.flip is None else assignment.flip ^ bits(number, key)
                return Assign(key, flip, assignment.source, assignment.keep)
            case {"meta": {"key": "mark"}}:
                return Assign(key, 0, "meta mark")
            case {"ct": {"key": "mark"}}:
                return Assign(key, 0, "ct mark")
    except (UnsupportedForm, KeyError, TypeError):
        pass
    return Assign(key, None)


def _is_object_map(body: Any) -> bool:
    """Return whether a map selects the named object."""
    return isinstance(body, Mapping) and "map" in body


def _object(name: str, body: Any, over: Mapping[str, bool]) -> Step:
    fields, mask = keys(body["key"])
    if mask is not None:
        raise UnsupportedForm("mask")
    text, data = nft_writer.statement({name: {"map": body}}), body["data"]
    exceeding = frozenset(object_name for object_name, is_over in over.items() if is_over)
    if isinstance(data, str):
        return ObjectMap(text, fields, data[1:], exceeding, name in _LIMITS)
    entries = tuple((key, str(to)) for key, to in pairs(data["set"], fields))
    return ObjectMap(text, fields, entries, exceeding, name in _LIMITS)


def _limit(name: str, body: Any, over: Mapping[str, bool]) -> Step:
    text = nft_writer.statement({name: body})
    return Limit(text, over.get(body, False) if isinstance(body, str) else bool(body.get("inv")))


def _set(body: Any) -> Step | None:
    """Parse `add`, `update` or `delete`. A limit inside applies to each element."""
    for inner in body.get("stmt", ()):
        if isinstance(inner, Mapping) and (limited := next(iter(inner))) in _LIMITS:
            return Limit(nft_writer.statement({"set": body}), bool(inner[limited].get("inv")))
    if body["op"] == "delete":
        return None
    return Add(keys(body["elem"])[0], body["set"][1:])


def _xt(body: Any) -> Step | None:
    if body["type"] == "match":
        return None if body["name"] == "comment" else Unknown(f"xt match {body['name']}")
    if body["name"] in _HARMLESS_TARGETS:
        return None
    return Opaque(f"xt target {body['name']}")


def _queue(body: Any) -> Step:
    """Without a program that reads the queue, `bypass` accepts. One that reads lets most pass."""
    flags = body.get("flags", ()) if isinstance(body, Mapping) else ()
    if "bypass" in ((flags,) if isinstance(flags, str) else flags):
        return Verdict("accept")
    return Opaque(nft_writer.statement({"queue": body}))


def _plain(name: Any) -> Callable[[Any], Step]:
    return lambda body: Verdict(name, str(body["target"]) if body else "")


_LIMITS = ("limit", "quota", "ct count")
_PARSERS: dict[str, Callable[[Any], Step | None]] = {
    "match": _match,
    "vmap": _vmap,
    "mangle": _mangle,
    "reject": _reject,
    "queue": _queue,
    "set": _set,
    "notrack": lambda _: Untrack(),
    "xt": _xt,
    "meter": lambda body: Limit(f"meter {body.get('name', '')}", bool(_inverted(body))),
    **{name: _plain(name) for name in ("accept", "drop", "return", "continue", "jump", "goto")},
    **{name: _nat(name) for name in ("dnat", "snat", "redirect", "masquerade")},
}


def _inverted(body: Any) -> bool:
    inner = body.get("stmt")
    return (
        bool(inner["limit"].get("inv"))
        if isinstance(inner, Mapping) and "limit" in inner
        else False
    )
