"""What firewall-cmd prints (firewall-cmd(1)), and firewalld.conf(5). Pure."""

import re
from collections.abc import Iterator
from typing import Any

from diagnose.parsers.firewalld import (
    MOST,
    PolicyText,
    ServiceText,
    ZoneText,
    number,
    ranges,
    whole,
)
from diagnose.parsers.sanitize import clean


def list_all_zones(text: str) -> tuple[ZoneText, ...]:
    """The output of `firewall-cmd --list-all-zones` (or `--list-all`), of the runtime or the
    permanent configuration."""
    return tuple(_zone(name, marks, said) for name, marks, said in _blocks(text))


def list_all_policies(text: str) -> tuple[PolicyText, ...]:
    """The output of `firewall-cmd --list-all-policies`."""
    return tuple(_policy(name, said) for name, _, said in _blocks(text))


def _blocks(text: str) -> Iterator[tuple[str, list[str], dict[str, list[str]]]]:
    """Each name, the marks behind it, and the lines that follow, by their keys."""
    found: list[tuple[str, list[str], dict[str, list[str]]]] = []
    key = ""
    for line in text.splitlines():
        if head := re.fullmatch(r"(\S[^(]*?)(?: \(([^)]*)\))?", line.rstrip()):
            found.append((clean(head[1], 64), (head[2] or "").split(", "), {}))
        elif found and (one := re.match(r"  ([a-z][\w -]*):(.*)", line)):
            key = one[1]
            found[-1][2].setdefault(key, []).append(one[2].strip())
        elif found and line.strip() and len(line) > 2 and line[0] in "\t ":
            found[-1][2].setdefault(key, []).append(line.strip())
    yield from found


def _zone(name: str, marks: list[str], said: dict[str, list[str]]) -> ZoneText:
    return ZoneText(
        name=name,
        target=_word(said, "target", "default"),
        active="active" in marks,
        default="default" in marks,
        priority=number(_word(said, "ingress-priority", ""), 0),
        interfaces=_words(said, "interfaces"),
        sources=_words(said, "sources"),
        **_common(said),
    )


def _policy(name: str, said: dict[str, list[str]]) -> PolicyText:
    return PolicyText(
        name=name,
        target=_word(said, "target", "CONTINUE"),
        priority=number(_word(said, "priority", ""), -1),
        ingress=_words(said, "ingress-zones"),
        egress=_words(said, "egress-zones"),
        **_common(said),
    )


def _common(said: dict[str, list[str]]) -> dict[str, Any]:
    ports = (word.partition("/") for word in _words(said, "ports"))
    return {
        "services": _words(said, "services"),
        "ports": ranges((port, protocol) for port, _, protocol in ports)
        + whole(_words(said, "protocols")),
        "forward_ports": _lines(said, "forward-ports"),
        "rich_rules": _lines(said, "rich rules"),
    }


def _words(said: dict[str, list[str]], key: str) -> tuple[str, ...]:
    found = (word for line in said.get(key, []) for word in line.split())
    return tuple(clean(word, 128) for word in found)[:MOST]


def _word(said: dict[str, list[str]], key: str, otherwise: str) -> str:
    return next(iter(_words(said, key)), otherwise)


def _lines(said: dict[str, list[str]], key: str) -> tuple[str, ...]:
    return tuple(clean(line, 500) for line in said.get(key, []) if line)[:MOST]


def info_service(text: str) -> ServiceText:
    """The output of `firewall-cmd --info-service=…`."""
    found = dict(re.findall(r"^  (ports|includes):(.*)$", text, re.MULTILINE))
    pairs = (word.partition("/") for word in found.get("ports", "").split())
    includes = tuple(clean(word, 64) for word in found.get("includes", "").split())
    return ServiceText(ranges((port, protocol) for port, _, protocol in pairs), includes)


def configuration(text: str) -> dict[str, str]:
    """firewalld.conf(5): its keys and values."""
    pairs = (line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    return {
        key.strip(): clean(value, 100) for key, value in pairs if re.fullmatch(r"\w+", key.strip())
    }
