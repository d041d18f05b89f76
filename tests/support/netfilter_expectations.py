"""Rulesets as nft's JSON, in a few words."""

import json
from typing import Any

from diagnose.parsers.netfilter import Decision, Host, Packet, Rules, decide, nft

SITE, SITE6 = "203.0.113.10", "2001:db8:2::10"

ACCEPT: dict[str, Any] = {"accept": None}
DROP: dict[str, Any] = {"drop": None}
RETURN: dict[str, Any] = {"return": None}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(text: str) -> dict[str, Any]:
    protocol, name = text.split()
    return {"payload": {"protocol": protocol, "field": name}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


def dport(right: Any, op: str = "==") -> dict[str, Any]:
    return match(field("tcp dport"), right, op)


def saddr(right: Any, op: str = "==") -> dict[str, Any]:
    return match(field("ip saddr"), right, op)


def state(*names: str) -> dict[str, Any]:
    return match({"ct": {"key": "state"}}, list(names), "in")


def network(address: str, length: int) -> dict[str, Any]:
    return {"prefix": {"addr": address, "len": length}}


def chain(name: str = "input", *, policy: str = "accept", **more: Any) -> dict[str, Any]:
    """A base chain: at the hook of its name, unless another is given."""
    base = {"type": "filter", "hook": name, "prio": 0, "policy": policy} | more
    return {"chain": {"name": name} | base}


def called(name: str) -> dict[str, Any]:
    return {"chain": {"name": name}}


def rule(*expr: dict[str, Any], chain: str = "input", handle: int = 1) -> dict[str, Any]:
    return {"rule": {"chain": chain, "handle": handle, "expr": list(expr)}}


def table(*parts: dict[str, Any], family: str = "inet", name: str = "t") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"table": {"family": family, "name": name}}]
    for part in parts:
        ((kind, body),) = part.items()
        found.append({kind: {"family": family, "table": name} | body})
    return found


def rules(*tables: list[dict[str, Any]]) -> Rules:
    return nft.parse_ruleset(json.dumps({"nftables": [part for parts in tables for part in parts]}))


def ask(
    read: Rules,
    source: str | None = "198.51.100.7",
    port: int = 443,
    interface: str = "eth0",
    to: str = SITE,
    host: Host | None = None,
) -> Decision:
    return decide(read, Packet(source, to, port, interface, host=host or Host()))
