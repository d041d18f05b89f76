"""A rule of nft's JSON as nft would print it: for a person to find it again, and to make the same
rule once more. Whether it is the same `diagnose.parsers.netfilter.roundtrip` says.

What a rule has counted or used up is no part of it, but for a quota, which would be another.
"""

import re
from collections.abc import Mapping
from typing import Any

#: From what binds least to what binds most (nft(8), "Expressions").
BINARY = ("|", "^", "&", "<<", ">>")
#: Set bits, of which a bare value asks for any: that all are alike has to be said.
_BITS = ("ct state", "ct status", "ct label", "ct event", "tcp flags")
#: A name that is no word of nft's own; or everything else; or a set of names.
_NAME = re.compile(r"lo|[\w.:/-]*\d[\w.:/-]*|\*|@.*")
#: More than these are not printed: a set may have thousands.
MOST = 12


def rule(expressions: list[Any], comment: str = "") -> str:
    parts = [part for one in expressions if (part := statement(one))]
    if comment:
        parts.append(f'comment "{comment}"')
    return " ".join(parts)


def words(text: str) -> tuple[str, ...]:
    """The words of a command: what is in quotes stays as it is, blanks and all."""
    return tuple(re.findall(r'(?:"[^"]*"|[^\s"])+', text))


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


def expression(one: Any, of: Any = None) -> str:
    """A value, or what names a field of the packet; `of` is what a value is compared with."""
    match one:
        case bool():
            return "exists" if one else "missing"
        case str() if _is_named(of) and not _NAME.fullmatch(one):
            return f'"{one}"'
        case int() | str():
            return str(one)
        case list():
            return ",".join(expression(item, of) for item in one)
        case {"concat": list(parts)}:
            fields = of["concat"] if isinstance(of, Mapping) and "concat" in of else parts
            pairs = zip(parts, fields, strict=False)
            return " . ".join(expression(part, field) for part, field in pairs)
        case {"elem": {"val": value}}:
            return expression(value, of)
        case {"set": list(items)}:
            shown = ", ".join(element(item, of) for item in items[:MOST])
            return f"{{ {shown}{', ...' if len(items) > MOST else ''} }}"
        case Mapping() if len(one) >= 1:
            name, body = next(iter(one.items()))
            return _field(str(name), body)
    return "?"


def _is_named(of: Any) -> bool:
    """Whether a field's values are the names of interfaces, or times: those nft puts in quotes."""
    match of:
        case {"meta": {"key": str(key)}} | {"fib": {"result": str(key)}}:
            return key in _QUOTED
    return False


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
        case "set", _:
            return expression(body)
        case "numgen", {"mode": mode, "mod": modulus}:
            offset = f" offset {body['offset']}" if body.get("offset") else ""
            return f"numgen {mode} mod {modulus}{offset}"
        case "prefix", {"addr": address, "len": length}:
            return f"{expression(address)}/{length}"
        case "range", [low, high]:
            return f"{expression(low)}-{expression(high)}"
        case "map", {"key": key, "data": data}:
            return f"{expression(key)} map {expression(data, key)}"
        case operator, list() if operator in BINARY:
            if operator == "|":
                return "(" + " | ".join(expression(part) for part in body) + ")"
            return f" {operator} ".join(_operand(part, operator) for part in body)
    return f"{name} {_words(body)}".rstrip()


def _operand(one: Any, operator: str) -> str:
    inner = next(iter(one), "") if isinstance(one, Mapping) else ""
    looser = inner in BINARY[1:] and BINARY.index(inner) < BINARY.index(operator)
    return f"({expression(one)})" if looser else expression(one)


def element(one: Any, of: Any = None) -> str:
    """Of a set, or of a map: `80`, `80 : accept`."""
    if isinstance(one, list) and len(one) == 2:
        data = one[1]
        is_verdict = isinstance(data, Mapping) and next(iter(data), "") in _VERDICTS
        return f"{expression(one[0], of)} : {statement(data) if is_verdict else expression(data)}"
    return expression(one, of)


def _words(body: Any) -> str:
    if isinstance(body, Mapping):
        return " ".join(expression(value) for value in body.values() if value is not None)
    return "" if body is None else expression(body)


def _match(body: Any) -> str:
    left, right = expression(body["left"]), expression(body["right"], body["left"])
    operator = body.get("op", "==")
    if operator in ("in", "=="):
        listed = isinstance(body["right"], Mapping) and "set" in body["right"]
        all_alike = operator == "==" and left in _BITS and not listed and right[:1] != "@"
        masked = isinstance(body["left"], Mapping) and "&" in body["left"]
        return f"{left} == {right}" if masked or all_alike else f"{left} {right}"
    return f"{left} {operator} {right}"


def _counter(body: Any) -> str:
    if isinstance(body, str):
        return f'counter name "{body}"'
    return f"counter name {expression(body)}" if body and "map" in body else "counter"


def _limit(body: Any) -> str:
    if isinstance(body, str):
        return f'limit name "{body}"'
    if "map" in body:
        return f"limit name {expression(body)}"
    over = "over " if body.get("inv") else ""
    unit = f" {body['rate_unit']}" if body.get("rate_unit", "packets") != "packets" else ""
    burst = (
        f" burst {body['burst']} {body.get('burst_unit', 'packets')}" if body.get("burst") else ""
    )
    return f"limit rate {over}{body['rate']}{unit}/{body['per']}{burst}"


def _quota(body: Any) -> str:
    if isinstance(body, str):
        return f'quota name "{body}"'
    if "map" in body:
        return f"quota name {expression(body)}"
    used = f" used {body['used']} {body['used_unit']}" if body.get("used") else ""
    return f"quota {'over ' if body.get('inv') else ''}{body['val']} {body['val_unit']}{used}"


def _log(body: Any) -> str:
    body = body or {}
    parts = ["log"]
    if "prefix" in body:
        parts.append(f'prefix "{body["prefix"]}"')
    parts += [f"{key} {body[key]}" for key in _LOGGED if key in body]
    return " ".join([*parts, *(f"flags {flag}" for flag in _listed(body.get("flags")))])


def _reject(body: Any) -> str:
    if not body:
        return "reject"
    if body["type"] == "tcp reset":
        return "reject with tcp reset"
    return f"reject with {body['type']} {body['expr']}"


def _nat(name: str, body: Any) -> str:
    body = body or {}
    flags = [flag for flag in _listed(body.get("flags")) if flag != "netmap"]
    family = f" {body['family']}" if "family" in body else ""
    prefix = " prefix" if "prefix" in _listed(body.get("type_flags")) else ""
    address = _host(body["addr"], "port" in body) if "addr" in body else ""
    port = f":{expression(body['port'])}" if "port" in body else ""
    to = f"{family}{prefix} to {address}{port}" if address or port else ""
    return f"{name}{to} {','.join(flags)}".rstrip()


def _host(one: Any, ported: bool) -> str:
    """An address of IPv6 is in brackets where a port follows."""
    match one:
        case {"range": [low, high]}:
            return f"{_host(low, ported)}-{_host(high, ported)}"
        case str() if ported and ":" in one:
            return f"[{one}]"
    return expression(one)


def _listed(flags: Any) -> list[Any]:
    return flags if isinstance(flags, list) else [flags] if flags else []


def _set(body: Any) -> str:
    """Of a map with what belongs to the element."""
    what, timeout = body["elem"], ""
    if isinstance(what, Mapping) and "elem" in what:
        what, timeout = what["elem"]["val"], what["elem"].get("timeout", "")
    inner = f" timeout {timeout}s" if timeout else ""
    inner += "".join(f" {statement(one)}" for one in body.get("stmt", ()))
    data = f" : {expression(body['data'])}" if "data" in body else ""
    return f"{body['op']} {body.get('set') or body['map']} {{ {expression(what)}{inner}{data} }}"


#: Fields of the packet's way whose values nft puts in quotes.
_QUOTED = (
    "iif", "iifname", "oif", "oifname", "ibrname", "obrname", "sdif", "sdifname", "iifkind",
    "oifkind", "time", "day", "hour",
)  # fmt: skip
_LOGGED = ("group", "level", "snaplen", "queue-threshold")
_VERDICTS = ("accept", "drop", "return", "continue", "jump", "goto", "queue")
_STATEMENTS: dict[str, Any] = {
    "match": _match,
    "vmap": lambda body: f"{expression(body['key'])} vmap {expression(body['data'], body['key'])}",
    "mangle": lambda body: f"{expression(body['key'])} set {expression(body['value'])}",
    "counter": _counter,
    "last": lambda _: "last",
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
    "map": _set,
    "ct helper": lambda body: f'ct helper set "{body}"',
    "ct timeout": lambda body: f'ct timeout set "{body}"',
    "ct expectation": lambda body: f'ct expectation set "{body}"',
    "xt": lambda body: f"xt {body['type']} {body['name']}",
}
