"""A rule of nft's JSON as nft would print it: for a person to find it again."""

from collections.abc import Mapping
from typing import Any

_CODES = {"icmp": "icmp", "icmpv6": "icmpv6", "icmpx": "icmpx"}
_BINARY = ("&", "|", "^", "<<", ">>")
#: More than these are not printed: a set may have thousands.
MOST = 12


def rule(expressions: list[Any], comment: str = "") -> str:
    words = [word for one in expressions if (word := statement(one))]
    if comment:
        words.append(f'comment "{comment}"')
    return " ".join(words)


def statement(one: Any) -> str:
    if isinstance(one, str):
        return one
    if not isinstance(one, Mapping) or not one:
        return "?"
    name, body = next(iter(one.items()))
    if written := _STATEMENTS.get(name):
        try:
            return str(written(body))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return str(name)
    if body is None:
        return str(name)
    return f"{name} {_words(body)}".rstrip()


def expression(one: Any) -> str:
    """A value, or what names a field of the packet."""
    match one:
        case bool():
            return "exists" if one else "missing"
        case int() | str():
            return str(one)
        case list():
            return ",".join(expression(item) for item in one)
        case Mapping() if len(one) >= 1:
            name, body = next(iter(one.items()))
            return _field(str(name), body)
    return "?"


def _field(name: str, body: Any) -> str:
    match name, body:
        case "payload", {"protocol": protocol, "field": field}:
            return f"{protocol} {field}"
        case "payload", {"base": base, "offset": offset, "len": length}:
            return f"@{base},{offset},{length}"
        case "meta", {"key": key}:
            return f"meta {key}"
        case "ct", {"key": key, "dir": direction}:
            return f"ct {direction} {key}"
        case "ct", {"key": key}:
            return f"ct {key}"
        case "fib", {"result": result, "flags": flags}:
            asked = [flags] if isinstance(flags, str) else flags
            return f"fib {' . '.join(map(str, asked))} {result}"
        case "concat", list():
            return " . ".join(expression(part) for part in body)
        case "set", list():
            shown = ", ".join(element(item) for item in body[:MOST])
            return f"{{ {shown}{', ...' if len(body) > MOST else ''} }}"
        case "set", _:
            return expression(body)
        case "numgen", {"mode": mode, "mod": modulus}:
            return f"numgen {mode} mod {modulus}"
        case "prefix", {"addr": address, "len": length}:
            return f"{expression(address)}/{length}"
        case "range", [low, high]:
            return f"{expression(low)}-{expression(high)}"
        case "elem", {"val": value}:
            return expression(value)
        case "map", {"key": key, "data": data}:
            return f"{expression(key)} map {expression(data)}"
        case operator, list() if operator in _BINARY:
            if operator == "|":
                return "(" + " | ".join(expression(part) for part in body) + ")"
            return f" {operator} ".join(expression(part) for part in body)
    return f"{name} {_words(body)}".rstrip()


def element(one: Any) -> str:
    """Of a set, or of a map: `80`, `80 : accept`."""
    if isinstance(one, list) and len(one) == 2:
        data = one[1]
        is_verdict = isinstance(data, Mapping) and next(iter(data), "") in _VERDICTS
        return f"{expression(one[0])} : {statement(data) if is_verdict else expression(data)}"
    return expression(one)


def _words(body: Any) -> str:
    if isinstance(body, Mapping):
        return " ".join(expression(value) for value in body.values() if value is not None)
    return "" if body is None else expression(body)


def _match(body: Any) -> str:
    left, right = expression(body["left"]), expression(body["right"])
    operator = body.get("op", "==")
    if operator in ("in", "=="):
        bits = isinstance(body["left"], Mapping) and "&" in body["left"]
        return f"{left} == {right}" if bits else f"{left} {right}"
    return f"{left} {operator} {right}"


def _limit(body: Any) -> str:
    if isinstance(body, str):
        return f"limit name {body}"
    over = "over " if body.get("inv") else ""
    unit = f" {body['rate_unit']}" if body.get("rate_unit", "packets") != "packets" else ""
    return f"limit rate {over}{body['rate']}{unit}/{body['per']}"


def _quota(body: Any) -> str:
    if isinstance(body, str):
        return f"quota name {body}"
    return f"quota {'over ' if body.get('inv') else ''}{body['val']} {body['val_unit']}"


def _log(body: Any) -> str:
    prefix = body.get("prefix") if isinstance(body, Mapping) else None
    return f'log prefix "{prefix}"' if prefix else "log"


def _reject(body: Any) -> str:
    if not body:
        return "reject"
    if body["type"] == "tcp reset":
        return "reject with tcp reset"
    return f"reject with {_CODES[body['type']]} {body['expr']}"


def _nat(name: str, body: Any) -> str:
    if not body:
        return name
    family = f" {body['family']}" if "family" in body else ""
    address = expression(body["addr"]) if "addr" in body else ""
    port = f":{expression(body['port'])}" if "port" in body else ""
    return f"{name}{family} to {address}{port}" if address or port else name


def _set(body: Any) -> str:
    inner = "".join(f" {statement(one)}" for one in body.get("stmt", ()))
    return f"{body['op']} {body['set']} {{ {expression(body['elem'])}{inner} }}"


_VERDICTS = ("accept", "drop", "return", "continue", "jump", "goto", "queue")
_STATEMENTS: dict[str, Any] = {
    "match": _match,
    "vmap": lambda body: f"{expression(body['key'])} vmap {expression(body['data'])}",
    "mangle": lambda body: f"{expression(body['key'])} set {expression(body['value'])}",
    "counter": lambda _: "counter",
    "limit": _limit,
    "quota": _quota,
    "ct count": lambda body: f"ct count {'over ' if body.get('inv') else ''}{body['val']}",
    "log": _log,
    "reject": _reject,
    "jump": lambda body: f"jump {body['target']}",
    "goto": lambda body: f"goto {body['target']}",
    "dnat": lambda body: _nat("dnat", body),
    "snat": lambda body: _nat("snat", body),
    "redirect": lambda body: _nat("redirect", body),
    "masquerade": lambda body: _nat("masquerade", body),
    "set": _set,
    "xt": lambda body: f"xt {body['type']} {body['name']}",
}
