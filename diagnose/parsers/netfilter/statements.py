"""The statements of a rule of nft's JSON, as steps."""

from collections.abc import Callable, Mapping
from typing import Any

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.expressions import Odd, bits, element, elements, keys, pairs, span
from diagnose.parsers.netfilter.rules import (
    Add,
    Assign,
    DataMap,
    Element,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Obscure,
    Reject,
    Step,
    Unknown,
    Untrack,
    Verdict,
    VerdictMap,
)

#: They do something, but not to the packet's way.
_HARMLESS = {
    "counter", "log", "last", "comment", "dup", "flow", "reset", "secmark",
    "ct helper", "ct timeout", "ct expectation",
}  # fmt: skip
#: iptables-nft's own, which nft's JSON only names.
_HARMLESS_TARGETS = {"LOG", "NFLOG", "TEE", "TRACE", "TCPMSS", "CHECKSUM"}
_BITS = ("ct state", "ct status", "ct label", "tcp flags")
_MARKS = ("meta mark", "ct mark")
_ALL = 0xFFFFFFFF


def step(statement: Any, over: Mapping[str, bool]) -> Step | None:
    """None: without effect on the packet. `over` knows the limits that have names."""
    if isinstance(statement, str):
        statement = {statement: None}
    if not isinstance(statement, Mapping) or not statement:
        return Obscure("?")
    name, body = next(iter(statement.items()))
    if name in _HARMLESS and not _picks(body):
        return None
    read = _READERS.get(name)
    try:
        if _picks(body) and (name in _LIMITS or name in _HARMLESS):
            return _object(name, body["map"], over)
        if name in _LIMITS:
            return _limit(name, body, over)
        return read(body) if read else Obscure(nft_writer.statement(statement))
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        text = nft_writer.statement(statement)
        return Unknown(text) if name == "match" else Obscure(text)


def verdict(data: Any) -> Verdict:
    name: Any = data
    body: Any = None
    if isinstance(data, Mapping):
        name, body = next(iter(data.items()), ("", None))
    if name in ("jump", "goto"):
        return Verdict(name, str(body["target"]))
    if name not in ("accept", "drop", "return", "continue"):
        raise Odd(str(name))
    return Verdict(name)


def _match(body: Any) -> Step:
    of, mask = keys(body["left"])
    key, right, op = of[0], body["right"], body.get("op", "==")
    if key.startswith("fib ") and isinstance(right, bool | str) and _exists(right) is not None:
        there = int(bool(_exists(right)))
        return Match((f"{key} exists",), op, (((there, there),),))
    if op == "in" and key not in _BITS:
        op = "=="
    if isinstance(right, str) and right.startswith("@"):
        return Match(of, op, right[1:], mask)
    if isinstance(right, Mapping) and "set" in right:
        values = elements(right["set"], of)
    elif isinstance(right, list):
        values = elements(right, of)
    else:
        values = (element(right, of),)
    return Match(of, op, values, mask)


def _exists(right: bool | str) -> bool | None:
    """`exists`, `missing`, or the number 0 of no interface."""
    if isinstance(right, bool):
        return right
    return False if right == "0" else None


def _vmap(body: Any) -> Step:
    of, mask = keys(body["key"])
    if mask is not None:
        raise Odd("mask")
    data = body["data"]
    if isinstance(data, str):
        return VerdictMap(of, data[1:])
    return VerdictMap(of, tuple((one, verdict(to)) for one, to in pairs(data["set"], of)))


def datum(one: Any) -> Element:
    """What a map holds: an address, a port, both, a mark."""
    if isinstance(one, Mapping) and "concat" in one:
        return tuple(span(part, "") for part in one["concat"])
    return (span(one, ""),)


def _map(body: Any) -> DataMap:
    of, mask = keys(body["key"])
    if mask is not None:
        raise Odd("mask")
    data = body["data"]
    if isinstance(data, str):
        return DataMap(of, data[1:])
    return DataMap(of, tuple((one, datum(to)) for one, to in pairs(data["set"], of)))


def _number(one: Any) -> tuple[int, int]:
    found = span(one, "")
    if isinstance(found, str):
        raise Odd(found)
    return found


def _target(one: Any) -> tuple[int, int] | DataMap | None:
    if one is None:
        return None
    return _map(one["map"]) if isinstance(one, Mapping) and "map" in one else _number(one)


def _nat(kind: Any) -> Callable[[Any], Step]:
    def read(body: Any) -> Step:
        body = body or {}
        if isinstance(body.get("flags"), str | list) and "netmap" in body["flags"]:
            raise Odd("netmap")
        address, port = _target(body.get("addr")), _target(body.get("port"))
        return Nat(kind, address, port, body.get("family", ""))

    return read


def _reject(body: Any) -> Step:
    if not body:
        return Reject("icmpx", "port-unreachable")
    return Reject(body["type"], str(body.get("expr", "")))


def _mangle(body: Any) -> Step | None:
    (key,), mask = keys(body["key"])
    if mask is not None:
        raise Odd("mask")
    if key not in _MARKS:
        if "payload" in body["key"]:
            raise Odd(key)
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
                one, kept = _assign(key, inner), bits(mask, key)
                flip = None if one.flip is None else one.flip & kept
                return Assign(key, flip, one.source, one.keep & kept)
            case {"|": [inner, number]}:
                one, set_ = _assign(key, inner), bits(number, key)
                flip = None if one.flip is None else (one.flip & ~set_) | set_
                return Assign(key, flip, one.source, one.keep & ~set_ & _ALL)
            case {"^": [inner, number]}:
                one = _assign(key, inner)
                flip = None if one.flip is None else one.flip ^ bits(number, key)
                return Assign(key, flip, one.source, one.keep)
            case {"meta": {"key": "mark"}}:
                return Assign(key, 0, "meta mark")
            case {"ct": {"key": "mark"}}:
                return Assign(key, 0, "ct mark")
    except (Odd, KeyError, TypeError):
        pass
    return Assign(key, None)


def _picks(body: Any) -> bool:
    """Whether a map says which object of that kind is meant."""
    return isinstance(body, Mapping) and "map" in body


def _object(name: str, body: Any, over: Mapping[str, bool]) -> Step:
    of, mask = keys(body["key"])
    if mask is not None:
        raise Odd("mask")
    text, data = nft_writer.statement({name: {"map": body}}), body["data"]
    exceeding = frozenset(one for one, is_over in over.items() if is_over)
    if isinstance(data, str):
        return ObjectMap(text, of, data[1:], exceeding, name in _LIMITS)
    entries = tuple((one, str(to)) for one, to in pairs(data["set"], of))
    return ObjectMap(text, of, entries, exceeding, name in _LIMITS)


def _limit(name: str, body: Any, over: Mapping[str, bool]) -> Step:
    text = nft_writer.statement({name: body})
    return Limit(text, over.get(body, False) if isinstance(body, str) else bool(body.get("inv")))


def _set(body: Any) -> Step | None:
    """`add`, `update` or `delete`. A limit in it is the element's own."""
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
    return Obscure(f"xt target {body['name']}")


def _plain(name: Any) -> Callable[[Any], Step]:
    return lambda body: Verdict(name, str(body["target"]) if body else "")


_LIMITS = ("limit", "quota", "ct count")
_READERS: dict[str, Callable[[Any], Step | None]] = {
    "match": _match,
    "vmap": _vmap,
    "mangle": _mangle,
    "reject": _reject,
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
