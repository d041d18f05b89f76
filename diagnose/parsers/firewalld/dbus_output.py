"""What `dbus-send --print-reply` prints of firewalld (firewalld.dbus(5)). Pure."""

import re
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import (
    MOST,
    PolicyText,
    ServiceText,
    ZoneText,
    forward,
    number,
    ranges,
    whole,
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
    """The value that `dbus-send --print-reply` printed: dicts, lists, tuples, strings, numbers.
    ValueError where it is an error reply or cannot be read."""
    head, _, body = text.partition("\n")
    if not head.startswith("method return"):
        raise ValueError(clean(head))
    stack: list[tuple[str, list[Any]]] = [("", [])]
    position = 0
    while found := _TOKEN.match(body, position):
        position = found.end()
        if found["open"]:
            stack.append((found["open"], []))
        elif found["close"]:
            if len(stack) == 1:
                break
            kind, items = stack.pop()
            stack[-1][1].append(_closed(kind, items))
        elif found["variant"] is None:
            stack[-1][1].append(_scalar(found))
    if len(stack) != 1 or body[position:].strip() or not stack[0][1]:
        raise ValueError("not a reply that dbus-send prints")
    return stack[0][1][0]


def _scalar(found: re.Match[str]) -> Any:
    if found["boolean"]:
        return found["boolean"] == "true"
    if found["number"]:
        return float(found["number"]) if "." in found["number"] else int(found["number"])
    return found["path"] if found["path"] is not None else found["string"]


@frozen
class _Entry:
    key: Any
    value: Any


def _closed(kind: str, items: list[Any]) -> Any:
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
    """The reply of getZoneSettings2. ValueError where it is none."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a zone")
    return ZoneText(
        name=clean(name, 64),
        target=clean(settings.get("target", "default"), 20),
        priority=number(settings.get("ingress_priority"), 0),
        interfaces=_words(settings.get("interfaces")),
        sources=_words(settings.get("sources")),
        rich_rules=_words(settings.get("rules_str"), 500),
        **_common(settings),
    )


def policy_settings(name: str, settings: Any) -> PolicyText:
    """The reply of getPolicySettings. ValueError where it is none."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a policy")
    return PolicyText(
        name=clean(name, 64),
        target=clean(settings.get("target", "CONTINUE"), 20),
        priority=number(settings.get("priority"), -1),
        ingress=_words(settings.get("ingress_zones")),
        egress=_words(settings.get("egress_zones")),
        rich_rules=_words(settings.get("rich_rules"), 500),
        **_common(settings),
    )


def service_settings(settings: Any) -> ServiceText:
    """The reply of getServiceSettings2. ValueError where it is none."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a service")
    return ServiceText(_ports(settings), _words(settings.get("includes")))


def direct_rules(rules: Any, passthroughs: Any) -> tuple[str, ...]:
    """The replies of direct.getAllRules (family, table, chain, priority, arguments) and
    direct.getAllPassthroughs (family, arguments): those for what comes in, in one line each."""
    found = [(*one[:4], *one[4]) for one in rules or () if len(one) == 5 and one[1:3] == _INCOMING]
    found += [
        ("passthrough", one[0], *one[1])
        for one in passthroughs or ()
        if len(one) == 2 and "INPUT" in one[1]
    ]
    return tuple(clean(" ".join(map(str, words)), 500) for words in found[:MOST])


def _common(settings: dict[str, Any]) -> dict[str, Any]:
    forwards = [one for one in settings.get("forward_ports", []) if len(one) == 4]
    return {
        "services": _words(settings.get("services")),
        "ports": _ports(settings),
        "forward_ports": tuple(forward(*map(str, one)) for one in forwards),
    }


def _ports(settings: dict[str, Any]) -> Any:
    pairs = [pair for pair in settings.get("ports", []) if len(pair) == 2]
    return ranges(pairs) + whole(_words(settings.get("protocols")))


def _words(values: Any, limit: int = 128) -> tuple[str, ...]:
    return tuple(clean(str(value), limit) for value in (values or [])[:MOST])
