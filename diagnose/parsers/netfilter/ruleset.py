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
class RulePosition:
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


class LoadedRuleset:
    """All rules in force. Where both nft and iptables-save show a table, iptables made it and
    says best what is in it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        sets = texts.get("ipset", "")
        v4, v6 = texts.get("iptables", ""), texts.get("ip6tables", "")
        old4, old6 = texts.get("iptables-legacy", ""), texts.get("ip6tables-legacy", "")
        iptables_tables = iptables.parse_tables(v4, v6, sets).tables
        legacy_tables = iptables.parse_tables(old4, old6, sets, legacy=True).tables
        by_name = {(table.family, table.name): table for table in iptables_tables}
        nft_tables = [
            by_name.pop((table.family, table.name), table) for table in _nft(texts.get("nft", ""))
        ]
        self.rules = Rules((*nft_tables, *by_name.values(), *legacy_tables))
        self._programs = {
            **{id(table): _program(table.family, v4, v6, "") for table in iptables_tables},
            **{id(table): _program(table.family, old4, old6, "-legacy") for table in legacy_tables},
        }

    def program(self, table: Table) -> str:
        return self._programs.get(id(table), "nft")

    def position_of(self, decision: Decision) -> RulePosition | None:
        """Where a decision was made; None where no rule made it."""
        for table in self.rules.tables:
            chain = table.chains.get(decision.chain)
            if (table.family, table.name) != (decision.family, decision.table) or chain is None:
                continue
            if decision.policy:
                if chain.base and chain.base.policy == "drop":
                    return RulePosition(
                        table, chain, None, len(_line_keys(chain)), self.program(table)
                    )
                continue
            for rule in chain.rules:
                if rule.handle == decision.handle and rule.text == decision.rule:
                    index = _line_keys(chain).index(_line_key(rule))
                    return RulePosition(table, chain, rule, index, self.program(table))
        return None

    def positions_of(self, rules: Iterable[Rule]) -> tuple[RulePosition, ...]:
        """Where these rules are; of several that one line made, one."""
        rule_ids = {id(rule) for rule in rules}
        positions = {
            position.key: position
            for table in self.rules.tables
            for chain in table.chains.values()
            for rule in chain.rules
            if id(rule) in rule_ids
            for position in [
                RulePosition(
                    table,
                    chain,
                    rule,
                    _line_keys(chain).index(_line_key(rule)),
                    self.program(table),
                )
            ]
        }
        return tuple(positions.values())

    # What would be

    def without_filtering(self, rules: Rules, table: Table) -> Rules:
        """Rules in which that table lets everything pass."""
        chains = {
            name: replace(chain, base=None) if chain.base and chain.base.type != "nat" else chain
            for name, chain in table.chains.items()
        }
        return _replace_table(rules, table, replace(table, chains=chains))

    def without_rule(self, position: RulePosition) -> Rules:
        """Rules without that one."""
        line = _line_key(position.rule) if position.rule else None
        remaining = tuple(rule for rule in position.chain.rules if _line_key(rule) != line)
        return self._with_rules(position, remaining)

    def with_open_port(self, position: RulePosition, port: int) -> Rules:
        """Rules with one more before that position, which accepts what goes to this TCP port."""
        is_port = Match(("tcp dport",), "==", (((port, port),),))
        opening = Rule((is_port, Verdict("accept")))
        rules = list(position.chain.rules)
        index = rules.index(position.rule) if position.rule else len(rules)
        return self._with_rules(position, (*rules[:index], opening, *rules[index:]))

    def with_limit_exceeded(self, position: RulePosition) -> Rules:
        """Rules as they are to whoever has exceeded that one's limit."""
        line = _line_key(position.rule) if position.rule else None
        rules: list[Rule] = []
        for rule in position.chain.rules:
            if _line_key(rule) != line:
                rules.append(rule)
                continue
            limits = [step for step in rule.steps if isinstance(step, Limit)]
            if all(limit.over for limit in limits):
                steps = tuple(step for step in rule.steps if not isinstance(step, Limit))
                rules.append(replace(rule, steps=steps))
        return self._with_rules(position, tuple(rules))

    def _with_rules(self, position: RulePosition, rules: tuple[Rule, ...]) -> Rules:
        chain = replace(position.chain, rules=rules)
        chains = {**position.table.chains, chain.name: chain}
        return _replace_table(self.rules, position.table, replace(position.table, chains=chains))


@lru_cache(maxsize=4)
def load_ruleset(texts: tuple[tuple[str, str], ...]) -> LoadedRuleset:
    """Out of what each tool printed. Several checks ask, and it is read once."""
    return LoadedRuleset(dict(texts))


def limited_rules(rules: Rules, texts: Iterable[str]) -> tuple[Rule, ...]:
    """The rules with a limit that a decision names."""
    limit_texts = set(texts)
    return tuple(
        rule
        for table in rules.tables
        for chain in table.chains.values()
        for rule in chain.rules
        for step in rule.steps
        if isinstance(step, Limit) and (rule.text or step.text) in limit_texts
    )


def accepts(rule: Rule, port: int) -> bool:
    """Whether a rule names that port and lets it in."""
    ports = [step for step in rule.steps if isinstance(step, Match) and step.keys == ("tcp dport",)]
    spans = [
        element[0]
        for step in ports
        if step.op == "==" and isinstance(step.values, tuple)
        for element in step.values
    ]
    names_port = any(isinstance(span, tuple) and span[0] <= port <= span[1] for span in spans)
    return names_port and Verdict("accept") in rule.steps


def _nft(text: str) -> tuple[Table, ...]:
    try:
        return nft.parse_ruleset(text).tables
    except ValueError:
        return ()


def _program(family: str, v4: str, v6: str, suffix: str) -> str:
    """How it is called: before 1.8 there was one iptables only, which is now called legacy."""
    name, text = ("ip6tables", v6) if family == "ip6" else ("iptables", v4)
    version = re.search(r"^# Generated by \S+ v1\.(\d+)", text, re.MULTILINE)
    return name + (suffix if version and int(version[1]) >= 8 else "")


def _replace_table(rules: Rules, old: Table, new: Table) -> Rules:
    return Rules(tuple(new if table is old else table for table in rules.tables))


def _line_key(rule: Rule) -> tuple[str, int]:
    """What makes a rule one rule to its tool."""
    return ("handle", rule.handle) if rule.handle is not None else (rule.text, rule.line)


def _line_keys(chain: Chain) -> list[tuple[str, int]]:
    """The chain's rules as its tool counts them. A line that makes two rules is one; the same
    line twice is two."""
    keys: list[tuple[str, int]] = []
    for rule in chain.rules:
        line = _line_key(rule)
        if not keys or keys[-1] != line:
            keys.append(line)
    return keys
