"""What iptables-save and ip6tables-save print (iptables(8), iptables-extensions(8)), in the form
in which all rules are judged. Pure.

A rule is a row of words; `-m` names an extension whose options follow. An extension that is not
known here becomes a step of which nothing can be said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from diagnose.parsers.netfilter import ipset, targets
from diagnose.parsers.netfilter.extensions import (
    PLAIN_OPTIONS,
    Alternatives,
    ExtensionContext,
    parse_extension,
)
from diagnose.parsers.netfilter.rules import Base, Chain, Rule, Rules, Set, Step, Table

Hook = Literal["prerouting", "input", "forward", "output", "postrouting"]

#: Where each table hangs (enum nf_ip_hook_priorities in netfilter_ipv4.h); nat changes the source
#: later than the destination.
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
_SOURCE_NAT = 100
_HOOKS: dict[str, Hook] = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}

#: More rules than this in all are not read.
MAX_RULES = 100_000

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def parse_tables(v4: str = "", v6: str = "", sets: str = "", *, legacy: bool = False) -> Rules:
    """The tables that iptables-save, ip6tables-save and `ipset save` printed."""
    ip_sets = ipset.parse_ipset(sets)
    tables = [*_tables(v4, "ip", ip_sets, legacy), *_tables(v6, "ip6", ip_sets, legacy)]
    return Rules(tuple(tables))


def split_words(text: str) -> tuple[str, ...]:
    """A line of iptables-save as the words of a command; it puts quotes round what has blanks,
    and a backslash before a quote (xtables_save_string)."""
    return tuple(
        re.sub(r"\\(.)", r"\1", match[1]) if match[2] is None else match[2]
        for match in _WORD.finditer(text)
    )


def _tables(
    text: str, family: str, sets: Mapping[str, ipset.IpSet], legacy: bool
) -> Iterator[Table]:
    for part in re.split(r"^\*", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        yield _table(name.strip(), body, family, sets, legacy)


def _table(
    name: str, body: str, family: str, sets: Mapping[str, ipset.IpSet], legacy: bool
) -> Table:
    policies: dict[str, str] = {}
    rules: dict[str, list[Rule]] = {}
    for number, line in enumerate(body.splitlines()[:MAX_RULES], 1):
        if chain := re.match(r":(\S+) (\S+)", line):
            policies[chain[1]] = chain[2]
            rules.setdefault(chain[1], [])
        elif rule_match := re.match(r"(?:\[(\d+):\d+\] )?(-A (\S+).*)", line):
            packets = int(rule_match[1]) if rule_match[1] else None
            parsed_rules = _rules(rule_match[2], family, sets, number, packets)
            rules.setdefault(rule_match[3], []).extend(parsed_rules)
    chains = {
        chain: Chain(chain, tuple(chain_rules), _base(name, chain, policies.get(chain, "-")))
        for chain, chain_rules in rules.items()
    }
    table_sets = {ip_set.name: Set(ip_set.name, ip_set.elements) for ip_set in sets.values()}
    return Table(family, name, chains, table_sets, legacy=legacy)


def _base(table: str, chain: str, policy: str) -> Base | None:
    hook = _HOOKS.get(chain)
    if hook is None or policy == "-":
        return None
    priority = _PRIORITIES.get(table, 0)
    if table == "nat":
        late = hook in {"input", "postrouting"}
        return Base("nat", hook, _SOURCE_NAT if late else priority, _policy(policy))
    kind: Literal["route", "filter"] = (
        "route" if table == "mangle" and hook == "output" else "filter"
    )
    return Base(kind, hook, priority, _policy(policy))


def _policy(policy: str) -> Literal["accept", "drop"]:
    return "drop" if policy == "DROP" else "accept"


# ---- one rule


def _rules(
    line: str,
    family: str,
    sets: Mapping[str, ipset.IpSet],
    number: int = 0,
    packets: int | None = None,
) -> list[Rule]:
    """One rule, or several where an extension means one thing or another."""
    arguments = split_words(line)[2:]
    rows: list[tuple[Step, ...]] = [()]
    comment = ""
    for name, options in _parts(arguments):
        if name == "comment":
            comment = " ".join(options[1:])
            continue
        if name in {"-j", "-g"}:
            rows = [(*row, *targets.target_steps(name, options, family)) for row in rows]
            continue
        parsed = parse_extension(name, options, ExtensionContext(family, sets))
        branches = parsed.branches if isinstance(parsed, Alternatives) else (parsed,)
        rows = [(*row, *branch) for row in rows for branch in branches]
    return [Rule(row, line, comment=comment, line=number, packets=packets) for row in rows]


def _parts(arguments: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The rule's parts in their order: its plain options ("-s"), its extensions ("multiport")
    and its target ("-j"), each with the words that belong to it."""
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        if argument in {"-j", "-g"}:
            yield argument, arguments[index + 1 :]
            return
        if argument == "-m":
            stop = _end(arguments, index + 2)
            yield (
                arguments[index + 1] if index + 1 < len(arguments) else "",
                arguments[index + 2 : stop],
            )
            index = stop
            continue
        negated = argument == "!"
        option = arguments[index + 1] if negated and index + 1 < len(arguments) else argument
        stop = index + negated + (1 if option == "-f" else 2)
        yield ("plain" if option in PLAIN_OPTIONS else "", arguments[index:stop])
        index = stop


def _end(arguments: tuple[str, ...], index: int) -> int:
    """Where the options of an extension end: at the next extension, plain option or target."""
    while index < len(arguments):
        argument = arguments[index]
        if argument in {"-m", "-j", "-g"} or argument in PLAIN_OPTIONS:
            return index
        if (
            argument == "!"
            and arguments[index + 1 : index + 2]
            and arguments[index + 1] in PLAIN_OPTIONS
        ):
            return index
        index += 1
    return index
