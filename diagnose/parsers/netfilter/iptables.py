"""What iptables-save and ip6tables-save print (iptables(8), iptables-extensions(8)), in the form
in which all rules are judged. Pure.

A rule is a row of words; `-m` names an extension whose options follow. An extension that is not
known here becomes a step of which nothing can be said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from diagnose.parsers.netfilter import ipset, targets
from diagnose.parsers.netfilter.extensions import Alternatives, Given, plain, read_extension
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
MOST = 50_000

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def read(v4: str = "", v6: str = "", sets: str = "", *, legacy: bool = False) -> Rules:
    """The tables that iptables-save, ip6tables-save and `ipset save` printed."""
    known = ipset.read(sets)
    found = [*_tables(v4, "ip", known, legacy), *_tables(v6, "ip6", known, legacy)]
    return Rules(tuple(found))


def words(text: str) -> tuple[str, ...]:
    """A line of iptables-save as the words of a command; it puts quotes round what has blanks,
    and a backslash before a quote (xtables_save_string)."""
    return tuple(
        re.sub(r"\\(.)", r"\1", found[1]) if found[2] is None else found[2]
        for found in _WORD.finditer(text)
    )


def _tables(
    text: str, family: str, sets: Mapping[str, ipset.Known], legacy: bool
) -> Iterator[Table]:
    for part in re.split(r"^\*", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        yield _table(name.strip(), body, family, sets, legacy)


def _table(
    name: str, body: str, family: str, sets: Mapping[str, ipset.Known], legacy: bool
) -> Table:
    policies: dict[str, str] = {}
    rules: dict[str, list[Rule]] = {}
    for line in body.splitlines()[:MOST]:
        if chain := re.match(r":(\S+) (\S+)", line):
            policies[chain[1]] = chain[2]
            rules.setdefault(chain[1], [])
        elif given := re.match(r"(?:\[\d+:\d+\] )?(-A (\S+).*)", line):
            rules.setdefault(given[2], []).extend(_rules(given[1], family, sets))
    chains = {
        chain: Chain(chain, tuple(some), _base(name, chain, policies.get(chain, "-")))
        for chain, some in rules.items()
    }
    named = {one.name: Set(one.name, one.elements) for one in sets.values()}
    return Table(family, name, chains, named, legacy=legacy)


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


def _policy(word: str) -> Literal["accept", "drop"]:
    return "drop" if word == "DROP" else "accept"


# ---- one rule


def _rules(line: str, family: str, sets: Mapping[str, ipset.Known]) -> list[Rule]:
    """One rule, or several where an extension means one thing or another."""
    given = words(line)[2:]
    rows: list[tuple[Step, ...]] = [()]
    comment = ""
    for name, options in _parts(given):
        if name == "comment":
            comment = " ".join(options[1:])
            continue
        if name in {"-j", "-g"}:
            rows = [(*row, *targets.steps(name, options, family)) for row in rows]
            continue
        found = read_extension(name, options, Given(family, sets))
        ways = found.ways if isinstance(found, Alternatives) else (found,)
        rows = [(*row, *way) for row in rows for way in ways]
    return [Rule(row, line, comment=comment) for row in rows]


def _parts(given: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The rule's parts in their order: its plain options ("-s"), its extensions ("multiport")
    and its target ("-j"), each with the words that belong to it."""
    at = 0
    while at < len(given):
        word = given[at]
        if word in {"-j", "-g"}:
            yield word, given[at + 1 :]
            return
        if word == "-m":
            stop = _end(given, at + 2)
            yield given[at + 1] if at + 1 < len(given) else "", given[at + 2 : stop]
            at = stop
            continue
        negated = word == "!"
        option = given[at + 1] if negated and at + 1 < len(given) else word
        stop = at + negated + (1 if option == "-f" else 2)
        yield ("plain" if option in plain else "", given[at:stop])
        at = stop


def _end(given: tuple[str, ...], at: int) -> int:
    """Where the options of an extension end: at the next extension, plain option or target."""
    while at < len(given):
        word = given[at]
        if word in {"-m", "-j", "-g"} or word in plain:
            return at
        if word == "!" and given[at + 1 : at + 2] and given[at + 1] in plain:
            return at
        at += 1
    return at
