"""Write a rule from nft's JSON as nft prints it, so that a person can find it and recreate it.
`diagnose.parsers.netfilter.roundtrip` checks whether the text recreates the same rule.

Counters and used amounts are left out, except a quota's `used`, which is part of the rule.
"""

import re
from collections.abc import Mapping
from typing import Any

#: From the lowest to the highest precedence (nft(8), "Expressions").
BINARY = ("|", "^", "&", "<<", ">>")
#: Bit fields. A bare value matches any of its bits; equality needs an explicit `==`.
_BITS = ("ct state", "ct status", "ct label", "ct event", "tcp flags")
#: A name that is not a keyword of nft, or `*` (everything else), or a set of names.
_NAME = re.compile(r"lo|[\w.:/-]*\d[\w.:/-]*|\*|@.*")
#: Most elements that are printed; a set may have thousands.
MAX_ITEMS = 12


def rule(expressions: list[Any], comment: str = "") -> str:
    parts = [part for node in expressions if (part := statement(node))]
    if comment:
        parts.append(f'comment "{comment}"')
    return " ".join(parts)


def split_rule(text: str) -> tuple[str, ...]:
    """Split a command into words; text in quotes keeps its blanks."""
    return tuple(re.findall(r'(?:"[^"]*"|[^\s"])+', text))


def statement(node: Any) -> str:
    """Write a statement of nft's JSON (libnftables-json(5)) as `nft list ruleset` does; only its
    name, or "?", if its form is not known."""
    if isinstance(node, str):
        return node
    if not isinstance(node, Mapping) or not node:
        return "?"
    name, body = next(iter(node.items()))
    if writer := _STATEMENTS.get(name):
        try:
            return str(writer(body))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return str(name)
    if body is None:
        return str(name)
    return f"{name} {_plain_text(body)}".rstrip()


def expression(node: Any, field_node: Any = None) -> str:
    """Write a value or a field of the packet; `field_node` is the field that a value belongs to."""
    match node:
        case bool():
            return "exists" if node else "missing"
        case str() if _is_quoted(field_node) and not _NAME.fullmatch(node):
            return f'"{node}"'
        case int() | str():
            return str(node)
        case list():
            return ",".join(expression(item, field_node) for item in node)
        case {"concat": list(parts)}:
            fields = (
                field_node["concat"]
                if isinstance(field_node, Mapping) and "concat" in field_node
                else parts
            )
            pairs = zip(parts, fields, strict=False)
            return " . ".join(expression(part, field) for part, field in pairs)
        case {"elem": {"val": value}}:
            return expression(value, field_node)
        case {"set": list(items)}:
            items_text = ", ".join(element(item, field_node) for item in items[:MAX_ITEMS])
            return f"{{ {items_text}{', ...' if len(items) > MAX_ITEMS else ''} }}"
        case Mapping() if len(node) >= 1:
            name, body = next(iter(node.items()))
            return _field(str(name), body)
    return "?"


def _is_quoted(field_node: Any) -> bool:
    """Return whether nft quotes a field's values: names of interfaces, and times."""
    match field_node:
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
            fib_flags = [flags] if isinstance(flags, str) else flags
            return f"fib {' . '.join(map(str, fib_flags))} {result}"
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
    return f"{name} {_plain_text(body)}".rstrip()


def _operand(node: Any, operator: str) -> str:
    inner = next(iter(node), "") if isinstance(node, Mapping) else ""
    looser = inner in BINARY[1:] and BINARY.index(inner) < BINARY.index(operator)
    return f"({expression(node)})" if looser else expression(node)


def element(node: Any, field_node: Any = None) -> str:
    """Write an element of a set or a map: `80`, `80 : accept`."""
    if isinstance(node, list) and len(node) == 2:
        data = node[1]
        is_verdict = isinstance(data, Mapping) and next(iter(data), "") in _VERDICTS
        value = statement(data) if is_verdict else expression(data)
        return f"{expression(node[0], field_node)} : {value}"
    return expression(node, field_node)


def _plain_text(body: Any) -> str:
    if isinstance(body, Mapping):
        return " ".join(expression(value) for value in body.values() if value is not None)
    return "" if body is None else expression(body)


def _match(body: Any) -> str:
    left_text, right_text = expression(body["left"]), expression(body["right"], body["left"])
    operator = body.get("op", "==")
    if operator in ("in", "=="):
        is_set = isinstance(body["right"], Mapping) and "set" in body["right"]
        all_alike = operator == "==" and left_text in _BITS and not is_set and right_text[:1] != "@"
        is_masked = isinstance(body["left"], Mapping) and "&" in body["left"]
        return (
            f"{left_text} == {right_text}"
            if is_masked or all_alike
            else f"{left_text} {right_text}"
        )
    return f"{left_text} {operator} {right_text}"


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
    return " ".join([*parts, *(f"flags {flag}" for flag in _as_list(body.get("flags")))])


def _reject(body: Any) -> str:
    if not body:
        return "reject"
    if body["type"] == "tcp reset":
        return "reject with tcp reset"
    return f"reject with {body['type']} {body['expr']}"


def _nat(name: str, body: Any) -> str:
    body = body or {}
    flags = [flag for flag in _as_list(body.get("flags")) if flag != "netmap"]
    family = f" {body['family']}" if "family" in body else ""
    prefix = " prefix" if "prefix" in _as_list(body.get("type_flags")) else ""
    address = _host(body["addr"], "port" in body) if "addr" in body else ""
    port = f":{expression(body['port'])}" if "port" in body else ""
    to = f"{family}{prefix} to {address}{port}" if address or port else ""
    return f"{name}{to} {','.join(flags)}".rstrip()


def _host(node: Any, with_port: bool) -> str:
    """Write an address; IPv6 is in brackets if a port follows."""
    match node:
        case {"range": [low, high]}:
            return f"{_host(low, with_port)}-{_host(high, with_port)}"
        case str() if with_port and ":" in node:
            return f"[{node}]"
    return expression(node)


def _as_list(flags: Any) -> list[Any]:
    return flags if isinstance(flags, list) else [flags] if flags else []


def _set(body: Any) -> str:
    """Write a statement that updates a set, or a map with the element's data."""
    element_node, timeout = body["elem"], ""
    if isinstance(element_node, Mapping) and "elem" in element_node:
        element_node, timeout = element_node["elem"]["val"], element_node["elem"].get("timeout", "")
    inner = f" timeout {timeout}s" if timeout else ""
    inner += "".join(f" {statement(node)}" for node in body.get("stmt", ()))
    data = f" : {expression(body['data'])}" if "data" in body else ""
    name = body.get("set") or body["map"]
    return f"{body['op']} {name} {{ {expression(element_node)}{inner}{data} }}"


#: Meta and fib fields whose values nft puts in quotes.
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
