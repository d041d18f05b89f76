"""What `nft -j list ruleset` prints (libnftables-json(5)).

Of rules that iptables-nft made it only names the parts (`xt`): iptables-save says what they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.expressions import Odd, elements, pairs, types
from diagnose.parsers.netfilter.roundtrip import exact
from diagnose.parsers.netfilter.rules import Base, Chain, Lazy, Rule, Rules, Set, Step, Table
from diagnose.parsers.netfilter.statements import datum, step, verdict

_HOOKS = ("ingress", "prerouting", "input", "forward", "output", "postrouting", "egress")
_TYPES = ("filter", "nat", "route")
#: Tables of these see no TCP connection to the machine, or not as one.
_ASIDE = ("arp", "bridge")


def read(text: str) -> Rules:
    """The tables. ValueError: it is not what nft prints."""
    try:
        listed = msgspec.json.decode(text) if text.strip() else {"nftables": []}
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(listed, Mapping) or not isinstance(listed.get("nftables"), list):
        raise ValueError("not a ruleset in JSON")
    try:
        return Rules(tuple(one.table() for one in _drafts(listed["nftables"]) if one.counts()))
    except (AttributeError, KeyError, StopIteration, TypeError) as error:
        raise ValueError(f"not a ruleset: {error!r}") from error


def _drafts(listed: list[Any]) -> Iterable["_Draft"]:
    made: dict[tuple[str, str], _Draft] = {}
    for one in listed:
        name, body = next(iter(one.items()))
        if name == "table":
            made[body["family"], body["name"]] = _Draft(body)
        elif name in _PARTS:
            _PARTS[name](made[body["family"], body["table"]], body)
    return made.values()


class _Draft:
    """A table while its parts come in."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.family, self.name = str(body["family"]), str(body["name"])
        self.dormant = "dormant" in (body.get("flags") or ())
        self.chains: dict[str, Mapping[str, Any]] = {}
        self.rules: dict[str, list[Any]] = {}
        self.sets: dict[str, Set] = {}
        self.over: dict[str, bool] = {}

    def counts(self) -> bool:
        return not self.dormant and self.family not in _ASIDE

    def chain(self, body: Mapping[str, Any]) -> None:
        self.chains[body["name"]] = body
        self.rules[body["name"]] = []

    def rule(self, body: Mapping[str, Any]) -> None:
        self.rules[body["chain"]].append(body)

    def set(self, body: Mapping[str, Any]) -> None:
        self.sets[body["name"]] = Set(body["name"], partial(_elements, body))

    def map(self, body: Mapping[str, Any]) -> None:
        self.sets[body["name"]] = Set(body["name"], partial(_pairs, body))

    def limit(self, body: Mapping[str, Any]) -> None:
        self.over[body["name"]] = bool(body.get("inv"))

    def table(self) -> Table:
        chains = {name: self._chain(name, body) for name, body in self.chains.items()}
        return Table(self.family, self.name, chains, self.sets)

    def _chain(self, name: str, body: Mapping[str, Any]) -> Chain:
        return Chain(name, Lazy(lambda: tuple(self._rules(name))), _base(body))

    def _rules(self, name: str) -> Iterator[Rule]:
        for body in self.rules[name]:
            said = body.get("expr")
            comment = str(body.get("comment", ""))
            yield Rule(
                tuple(_steps(said, self.over)),
                partial(nft_writer.rule, said, comment),
                body.get("handle"),
                comment,
                partial(exact, said, comment),
            )


def _steps(said: Any, over: Mapping[str, bool]) -> Iterator[Step]:
    for one in said if isinstance(said, list) else [None]:
        if (made := step(one, over)) is not None:
            yield made


def _base(body: Mapping[str, Any]) -> Base | None:
    kind, hook = body.get("type"), body.get("hook")
    if kind not in _TYPES or hook not in _HOOKS:
        return None
    devices = body.get("dev", ())
    return Base(
        kind, hook, int(body.get("prio", 0)), body.get("policy", "accept"),
        (devices,) if isinstance(devices, str) else tuple(devices),
    )  # fmt: skip


def _elements(body: Mapping[str, Any]) -> tuple[object, ...]:
    return elements(body.get("elem", ()), types(body["type"]))


def _pairs(body: Mapping[str, Any]) -> tuple[object, ...]:
    kind = body.get("map")
    read: Callable[[Any], object] = datum
    if kind == "verdict":
        read = verdict
    elif kind in _OBJECTS:
        read = str
    return tuple((one, read(to)) for one, to in pairs(body.get("elem", ()), types(body["type"])))


#: Kinds of objects that have names, which a map may hold.
_OBJECTS = (
    "counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation", "synproxy", "secmark",
)  # fmt: skip
_PARTS: dict[str, Callable[[_Draft, Mapping[str, Any]], None]] = {
    "chain": _Draft.chain,
    "rule": _Draft.rule,
    "set": _Draft.set,
    "map": _Draft.map,
    "limit": _Draft.limit,
    "quota": _Draft.limit,
    "ct count": _Draft.limit,
}
__all__ = ["Odd", "read"]
