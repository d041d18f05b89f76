"""Parse the output of firewall-cmd (firewall-cmd(1)), and firewalld.conf(5). No I/O."""

import re
from collections.abc import Iterator
from typing import Any

from diagnose.parsers.firewalld import (
    MAX_ITEMS,
    PolicyText,
    ZoneText,
    parse_priority,
    port_ranges,
    protocol_ranges,
)
from diagnose.parsers.sanitize import clean


def list_all_zones(text: str) -> tuple[ZoneText, ...]:
    """Parse `firewall-cmd --list-all-zones` (or `--list-all`), of the runtime or the permanent
    configuration."""
    return tuple(_zone(name, marks, settings) for name, marks, settings in _blocks(text))


def list_all_policies(text: str) -> tuple[PolicyText, ...]:
    """Parse `firewall-cmd --list-all-policies`."""
    return tuple(_policy(name, settings) for name, _, settings in _blocks(text))


def _blocks(text: str) -> Iterator[tuple[str, list[str], dict[str, list[str]]]]:
    """Yield each name, the marks in parentheses after it, and the settings by key."""
    blocks: list[tuple[str, list[str], dict[str, list[str]]]] = []
    key = ""
    for line in text.splitlines():
        if head := re.fullmatch(r"(\S[^(]*?)(?: \(([^)]*)\))?", line.rstrip()):
            blocks.append((clean(head[1], 64), (head[2] or "").split(", "), {}))
        elif blocks and (setting := re.match(r"  ([a-z][\w -]*):(.*)", line)):
            key = setting[1]
            blocks[-1][2].setdefault(key, []).append(setting[2].strip())
        elif blocks and line.strip() and len(line) > 2 and line[0] in "\t ":
            blocks[-1][2].setdefault(key, []).append(line.strip())
    yield from blocks


def _zone(name: str, marks: list[str], settings: dict[str, list[str]]) -> ZoneText:
    return ZoneText(
        name=name,
        target=_first_value(settings, "target", "default"),
        active="active" in marks,
        default="default" in marks,
        priority=parse_priority(_first_value(settings, "ingress-priority", ""), 0),
        interfaces=_values(settings, "interfaces"),
        sources=_values(settings, "sources"),
        **_common_settings(settings),
    )


def _policy(name: str, settings: dict[str, list[str]]) -> PolicyText:
    return PolicyText(
        name=name,
        target=_first_value(settings, "target", "CONTINUE"),
        priority=parse_priority(_first_value(settings, "priority", ""), -1),
        ingress=_values(settings, "ingress-zones"),
        egress=_values(settings, "egress-zones"),
        **_common_settings(settings),
    )


def _common_settings(settings: dict[str, list[str]]) -> dict[str, Any]:
    ports = (port.partition("/") for port in _values(settings, "ports"))
    return {
        "services": _values(settings, "services"),
        "ports": port_ranges((port, protocol) for port, _, protocol in ports)
        + protocol_ranges(_values(settings, "protocols")),
        "forward_ports": _lines(settings, "forward-ports"),
        "rich_rules": _lines(settings, "rich rules"),
    }


def _values(settings: dict[str, list[str]], key: str) -> tuple[str, ...]:
    values = (value for line in settings.get(key, []) for value in line.split())
    return tuple(clean(value, 128) for value in values)[:MAX_ITEMS]


def _first_value(settings: dict[str, list[str]], key: str, default: str) -> str:
    return next(iter(_values(settings, key)), default)


def _lines(settings: dict[str, list[str]], key: str) -> tuple[str, ...]:
    return tuple(clean(line, 500) for line in settings.get(key, []) if line)[:MAX_ITEMS]


def configuration(text: str) -> dict[str, str]:
    """Return the keys and values of firewalld.conf(5)."""
    pairs = (line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    return {
        key.strip(): clean(value, 100) for key, value in pairs if re.fullmatch(r"\w+", key.strip())
    }
