"""Parse the output of `nft -j list ruleset` (libnftables-json(5)).

For rules made by iptables-nft the output only names parts (`xt`); iptables-save describes them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.expressions import UnsupportedForm, elements, pairs, type_fields
from diagnose.parsers.netfilter.roundtrip import survives_roundtrip
from diagnose.parsers.netfilter.rules import Base, Chain, LazyRules, Rule, Rules, Set, Step, Table
from diagnose.parsers.netfilter.statements import datum, step, verdict

_HOOKS = ("ingress", "prerouting", "input", "forward", "output", "postrouting", "egress")
_TYPES = ("filter", "nat", "route")
#: Families whose tables do not see TCP connections to the machine, or not as TCP.
_IGNORED_FAMILIES = ("arp", "bridge")


def parse_ruleset(text: str) -> Rules:
    """Return the tables. Raises ValueError if the text is not nft's output."""
    try:
        document = msgspec.json.decode(text) if text.strip() else {"nftables": []}
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(document, Mapping) or not isinstance(document.get("nftables"), list):
        raise ValueError("not a ruleset in JSON")
    try:
        return Rules(
            tuple(
                builder.table()
                for builder in _build_tables(document["nftables"])
                if builder.is_relevant()
            )
        )
    except (AttributeError, KeyError, StopIteration, TypeError) as error:
        raise ValueError(f"not a ruleset: {error!r}") from error


def _build_tables(json_objects: list[Any]) -> Iterable["_TableBuilder"]:
    builders: dict[tuple[str, str], _TableBuilder] = {}
    for json_object in json_objects:
        name, body = next(iter(json_object.items()))
        if name == "table":
            builders[body["family"], body["name"]] = _TableBuilder(body)
        elif name in _PARTS:
            _PARTS[name](builders[body["family"], body["table"]], body)
    return builders.values()


class _TableBuilder:
    """Collects the parts of one table."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.family, self.name = str(body["family"]), str(body["name"])
        self.dormant = "dormant" in (body.get("flags") or ())
        self.chains: dict[str, Mapping[str, Any]] = {}
        self.rules: dict[str, list[Any]] = {}
        self.sets: dict[str, Set] = {}
        self.over: dict[str, bool] = {}

    def is_relevant(self) -> bool:
        return not self.dormant and self.family not in _IGNORED_FAMILIES

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
        return Chain(name, LazyRules(lambda: tuple(self._rules(name))), _base(body))

    def _rules(self, name: str) -> Iterator[Rule]:
        for body in self.rules[name]:
            expressions = body.get("expr")
            comment = str(body.get("comment", ""))
            yield Rule(
                tuple(_steps(expressions, self.over)),
                partial(nft_writer.rule, expressions, comment),
                body.get("handle"),
                comment,
                partial(survives_roundtrip, expressions, comment),
                packets=_counted_packets(expressions),
            )


def _counted_packets(expressions: Any) -> int | None:
    """Return the packets of a rule's own counter; None if there is none."""
    for expression in expressions if isinstance(expressions, list) else ():
        counter = expression.get("counter") if isinstance(expression, Mapping) else None
        if isinstance(counter, Mapping) and isinstance(counter.get("packets"), int):
            return int(counter["packets"])
    return None


def _steps(expressions: Any, over: Mapping[str, bool]) -> Iterator[Step]:
    for expression in expressions if isinstance(expressions, list) else [None]:
        if (parsed := step(expression, over)) is not None:
            yield parsed


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
    return elements(body.get("elem", ()), type_fields(body["type"]))


def _pairs(body: Mapping[str, Any]) -> tuple[object, ...]:
    kind = body.get("map")
    parse: Callable[[Any], object] = datum
    if kind == "verdict":
        parse = verdict
    elif kind in _OBJECTS:
        parse = str
    return tuple(
        (element, parse(to))
        for element, to in pairs(body.get("elem", ()), type_fields(body["type"]))
    )


#: Kinds of named objects that a map may contain.
_OBJECTS = (
    "counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation", "synproxy", "secmark",
)  # fmt: skip
_PARTS: dict[str, Callable[[_TableBuilder, Mapping[str, Any]], None]] = {
    "chain": _TableBuilder.chain,
    "rule": _TableBuilder.rule,
    "set": _TableBuilder.set,
    "map": _TableBuilder.map,
    "limit": _TableBuilder.limit,
    "quota": _TableBuilder.limit,
    "ct count": _TableBuilder.limit,
}
__all__ = ["UnsupportedForm", "parse_ruleset"]
