"""Parse firewalld's replies as printed by `dbus-send --print-reply` (firewalld.dbus(5)). No I/O."""

import re
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import (
    MAX_ITEMS,
    PolicyText,
    ServiceText,
    ZoneText,
    forward_port_text,
    parse_priority,
    port_ranges,
    protocol_ranges,
)
from diagnose.parsers.sanitize import clean

_TOKEN = re.compile(
    r"\s*(?:"
    r'string "(?P<string>.*?)"(?=\n\s*(?:string |variant|array \[|dict entry\(|struct \{|'
    r"boolean |u?int|byte |double |object path |[\])}])|\s*\Z)"
    r'|object path "(?P<path>[^"]*)"'
    r"|boolean (?P<boolean>true|false)"
    r"|(?:u?int(?:16|32|64)|byte|double) (?P<number>\S+)"
    r"|variant(?=\s)(?P<variant>)"
    r"|(?P<open>array \[|dict entry\(|struct \{)"
    r"|(?P<close>[\])}])"
    r")",
    re.DOTALL,
)


def dbus_reply(text: str) -> Any:
    """Return the value in a reply: dicts, lists, tuples, strings, numbers. Raises ValueError for
    an error reply or an unreadable one."""
    head, _, body = text.partition("\n")
    if not head.startswith("method return"):
        raise ValueError(clean(head))
    stack: list[tuple[str, list[Any]]] = [("", [])]
    position = 0
    while token := _TOKEN.match(body, position):
        position = token.end()
        if token["open"]:
            stack.append((token["open"], []))
        elif token["close"]:
            if len(stack) == 1:
                break
            kind, items = stack.pop()
            stack[-1][1].append(_closed_container(kind, items))
        elif token["variant"] is None:
            stack[-1][1].append(_scalar(token))
    if len(stack) != 1 or body[position:].strip() or not stack[0][1]:
        raise ValueError("not a reply that dbus-send prints")
    return stack[0][1][0]


def _scalar(token: re.Match[str]) -> Any:
    if token["boolean"]:
        return token["boolean"] == "true"
    if token["number"]:
        return float(token["number"]) if "." in token["number"] else int(token["number"])
    return token["path"] if token["path"] is not None else token["string"]


@frozen
class _Entry:
    key: Any
    value: Any


def _closed_container(kind: str, items: list[Any]) -> Any:
    if kind == "dict entry(":
        if len(items) != 2 or not isinstance(items[0], str | int):
            raise ValueError("a dict entry has a key and a value")
        return _Entry(*items)
    if kind == "struct {":
        return tuple(items)
    if items and all(isinstance(item, _Entry) for item in items):
        return {item.key: item.value for item in items}
    return items


_INCOMING = ("filter", "INPUT")


def zone_settings(name: str, settings: Any) -> ZoneText:
    """Parse the reply of getZoneSettings2. Raises ValueError for another value."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a zone")
    return ZoneText(
        name=clean(name, 64),
        target=clean(settings.get("target", "default"), 20),
        priority=parse_priority(settings.get("ingress_priority"), 0),
        interfaces=_strings(settings.get("interfaces")),
        sources=_strings(settings.get("sources")),
        rich_rules=_strings(settings.get("rules_str"), 500),
        **_common_settings(settings),
    )


def policy_settings(name: str, settings: Any) -> PolicyText:
    """Parse the reply of getPolicySettings. Raises ValueError for another value."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a policy")
    return PolicyText(
        name=clean(name, 64),
        target=clean(settings.get("target", "CONTINUE"), 20),
        priority=parse_priority(settings.get("priority"), -1),
        ingress=_strings(settings.get("ingress_zones")),
        egress=_strings(settings.get("egress_zones")),
        rich_rules=_strings(settings.get("rich_rules"), 500),
        **_common_settings(settings),
    )


def service_settings(settings: Any) -> ServiceText:
    """Parse the reply of getServiceSettings2. Raises ValueError for another value."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a service")
    return ServiceText(_ports(settings), _strings(settings.get("includes")))


def direct_rules(rules: Any, passthroughs: Any) -> tuple[str, ...]:
    """Return the rules for incoming packets, one line each, from the replies of direct.getAllRules
    (family, table, chain, priority, arguments) and direct.getAllPassthroughs (family, arguments).
    """
    incoming = [
        (*rule[:4], *rule[4]) for rule in rules or () if len(rule) == 5 and rule[1:3] == _INCOMING
    ]
    incoming += [
        ("passthrough", passthrough[0], *passthrough[1])
        for passthrough in passthroughs or ()
        if len(passthrough) == 2 and "INPUT" in passthrough[1]
    ]
    return tuple(clean(" ".join(map(str, rule)), 500) for rule in incoming[:MAX_ITEMS])


def _common_settings(settings: dict[str, Any]) -> dict[str, Any]:
    forwards = [
        forward_port for forward_port in settings.get("forward_ports", []) if len(forward_port) == 4
    ]
    return {
        "services": _strings(settings.get("services")),
        "ports": _ports(settings),
        "forward_ports": tuple(
            forward_port_text(*map(str, forward_port)) for forward_port in forwards
        ),
    }


def _ports(settings: dict[str, Any]) -> Any:
    pairs = [pair for pair in settings.get("ports", []) if len(pair) == 2]
    return port_ranges(pairs) + protocol_ranges(_strings(settings.get("protocols")))


def _strings(values: Any, limit: int = 128) -> tuple[str, ...]:
    return tuple(clean(str(value), limit) for value in (values or [])[:MAX_ITEMS])
