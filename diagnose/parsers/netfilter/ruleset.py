"""netfilter as it was seen: what all tools printed, put together, and where in it a decision was
made. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter import iptables, nft
from diagnose.parsers.netfilter.packet import Decision
from diagnose.parsers.netfilter.rules import Chain, Limit, Match, Rule, Rules, Table, Verdict


@frozen(eq=False)
class Place:
    """A rule, or with `rule` None a chain's policy. `index` counts the rules before it as its
    tool does; `program` is that tool: "nft", "iptables", "ip6tables-legacy" …"""

    table: Table
    chain: Chain
    rule: Rule | None
    index: int
    program: str

    @property
    def key(self) -> tuple[str, str, str, int]:
        return (self.program, f"{self.table.family} {self.table.name}", self.chain.name, self.index)

    @property
    def text(self) -> str:
        return self.rule.text if self.rule else ""

    @property
    def exact(self) -> bool:
        """Whether the text makes the same rule again."""
        return self.rule is not None and self.rule.exact()


class Filter:
    """All rules in force. Where both nft and iptables-save show a table, iptables made it and
    says best what is in it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        sets = texts.get("ipset", "")
        v4, v6 = texts.get("iptables", ""), texts.get("ip6tables", "")
        old4, old6 = texts.get("iptables-legacy", ""), texts.get("ip6tables-legacy", "")
        theirs = iptables.read(v4, v6, sets).tables
        older = iptables.read(old4, old6, sets, legacy=True).tables
        named = {(one.family, one.name): one for one in theirs}
        shown = [named.pop((one.family, one.name), one) for one in _nft(texts.get("nft", ""))]
        self.rules = Rules((*shown, *named.values(), *older))
        self._programs = {
            **{id(one): _program(one.family, v4, v6, "") for one in theirs},
            **{id(one): _program(one.family, old4, old6, "-legacy") for one in older},
        }

    def program(self, table: Table) -> str:
        return self._programs.get(id(table), "nft")

    def place(self, decision: Decision) -> Place | None:
        """Where a decision was made; None where no rule made it."""
        for table in self.rules.tables:
            chain = table.chains.get(decision.chain)
            if (table.family, table.name) != (decision.family, decision.table) or chain is None:
                continue
            if decision.policy:
                if chain.base and chain.base.policy == "drop":
                    return Place(table, chain, None, len(_lines(chain)), self.program(table))
                continue
            for rule in chain.rules:
                if rule.handle == decision.handle and rule.text == decision.rule:
                    index = _lines(chain).index(_line(rule))
                    return Place(table, chain, rule, index, self.program(table))
        return None

    def placed(self, chosen: Iterable[Rule]) -> tuple[Place, ...]:
        """Where these rules are; of several that one line made, one."""
        wanted = {id(one) for one in chosen}
        found = {
            place.key: place
            for table in self.rules.tables
            for chain in table.chains.values()
            for rule in chain.rules
            if id(rule) in wanted
            for place in [
                Place(table, chain, rule, _lines(chain).index(_line(rule)), self.program(table))
            ]
        }
        return tuple(found.values())

    # What would be

    def without_filtering(self, rules: Rules, table: Table) -> Rules:
        """Rules in which that table lets everything pass."""
        chains = {
            name: replace(chain, base=None) if chain.base and chain.base.type != "nat" else chain
            for name, chain in table.chains.items()
        }
        return _changed(rules, table, replace(table, chains=chains))

    def without(self, place: Place) -> Rules:
        """Rules without that one."""
        line = _line(place.rule) if place.rule else ""
        kept = tuple(one for one in place.chain.rules if _line(one) != line)
        return self._with(place, kept)

    def exceeded(self, place: Place) -> Rules:
        """Rules as they are to whoever has exceeded that one's limit."""
        line = _line(place.rule) if place.rule else ""
        kept: list[Rule] = []
        for one in place.chain.rules:
            if _line(one) != line:
                kept.append(one)
                continue
            limits = [step for step in one.steps if isinstance(step, Limit)]
            if all(limit.over for limit in limits):
                steps = tuple(step for step in one.steps if not isinstance(step, Limit))
                kept.append(replace(one, steps=steps))
        return self._with(place, tuple(kept))

    def _with(self, place: Place, rules: tuple[Rule, ...]) -> Rules:
        chain = replace(place.chain, rules=rules)
        chains = {**place.table.chains, chain.name: chain}
        return _changed(self.rules, place.table, replace(place.table, chains=chains))


@lru_cache(maxsize=4)
def read(texts: tuple[tuple[str, str], ...]) -> Filter:
    """Out of what each tool printed. Several checks ask, and it is read once."""
    return Filter(dict(texts))


def limits(rules: Rules, texts: Iterable[str]) -> tuple[Rule, ...]:
    """The rules with a limit that a decision names."""
    wanted = set(texts)
    return tuple(
        rule
        for table in rules.tables
        for chain in table.chains.values()
        for rule in chain.rules
        for step in rule.steps
        if isinstance(step, Limit) and (rule.text or step.text) in wanted
    )


def accepts(rule: Rule, port: int) -> bool:
    """Whether a rule names that port and lets it in."""
    ports = [step for step in rule.steps if isinstance(step, Match) and step.keys == ("tcp dport",)]
    spans = [
        one[0]
        for step in ports
        if step.op == "==" and isinstance(step.values, tuple)
        for one in step.values
    ]
    named = any(isinstance(span, tuple) and span[0] <= port <= span[1] for span in spans)
    return named and Verdict("accept") in rule.steps


def _nft(text: str) -> tuple[Table, ...]:
    try:
        return nft.read(text).tables
    except ValueError:
        return ()


def _program(family: str, v4: str, v6: str, suffix: str) -> str:
    """How it is called: before 1.8 there was one iptables only, which is now called legacy."""
    name, text = ("ip6tables", v6) if family == "ip6" else ("iptables", v4)
    said = re.search(r"^# Generated by \S+ v1\.(\d+)", text, re.MULTILINE)
    return name + (suffix if said and int(said[1]) >= 8 else "")


def _changed(rules: Rules, old: Table, new: Table) -> Rules:
    return Rules(tuple(new if one is old else one for one in rules.tables))


def _line(rule: Rule) -> str | int:
    """What makes a rule one rule to its tool."""
    return rule.text if rule.handle is None else rule.handle


def _lines(chain: Chain) -> list[str | int]:
    """The chain's rules as its tool counts them. One that says two things is one; the same
    line twice is two, of which the first decides."""
    found: list[str | int] = []
    for rule in chain.rules:
        line = _line(rule)
        if not found or found[-1] != line:
            found.append(line)
    return found
