"""Rules in the files that are loaded at boot: nft scripts (nft(8)) and iptables-restore files. Find
a rule's line, and add or remove lines. No I/O."""

import re
from collections.abc import Iterable, Iterator, Mapping

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter.iptables import split_words
from diagnose.parsers.netfilter.ruleset import RulePosition

#: Files with iptables' rules for IPv4 and IPv6, in search order.
V4 = ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables", "/etc/iptables/iptables.rules")
V6 = ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables", "/etc/iptables/ip6tables.rules")


@frozen
class ScriptChain:
    """A chain in an nft script. `first` is the line after its head (counted from 0), `last` the
    line of its closing brace; `rules` holds the lines of its rules."""

    path: str
    first: int
    last: int
    indent: str
    policy: str
    rules: tuple[tuple[int, str], ...]


@frozen
class PersistedRule:
    """Where a rule or a policy is written: the file and the line (counted from 0) before which a
    new rule is inserted. `exact` is True if that line contains exactly this rule."""

    path: str
    line: int
    indent: str
    exact: bool

    def without(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(lines[: self.line] + lines[self.line + 1 :])

    def with_lines_before(self, text: str, new_lines: Iterable[str]) -> str:
        lines = text.splitlines(keepends=True)
        inserted = [f"{self.indent}{line}\n" for line in new_lines]
        return "".join(lines[: self.line] + inserted + lines[self.line :])


def find_persisted(position: RulePosition, files: Mapping[str, str]) -> PersistedRule | None:
    """Return where a rule is written, or None if none of these files contains its chain."""
    if position.program == "nft":
        return _find_in_scripts(position, files)
    paths = V6 if position.table.family == "ip6" else V4
    candidates = (
        _find_in_save_file(position, path, files[path]) for path in paths if path in files
    )
    return next((candidate for candidate in candidates if candidate), None)


# ---- scripts for nft


def _find_in_scripts(position: RulePosition, files: Mapping[str, str]) -> PersistedRule | None:
    for path, text in files.items():
        if "nft" not in path and "nftables" not in path:
            continue
        chain_key = (position.table.family, position.table.name, position.chain.name)
        for chain in chains(path, text, *chain_key):
            if persisted := _find_in_chain(position, chain):
                return persisted
    return None


def _find_in_chain(position: RulePosition, chain: ScriptChain) -> PersistedRule | None:
    if position.rule is None:
        # A rule at the end of the chain still runs before the policy.
        return (
            PersistedRule(chain.path, chain.last, chain.indent, False)
            if chain.policy == "drop"
            else None
        )
    expected = normalize_rule(position.text)
    equal_lines = [line for line, text in chain.rules if normalize_rule(text) == expected]
    similar_lines = equal_lines or [
        line for line, text in chain.rules if _is_similar(normalize_rule(text), expected)
    ]
    return (
        PersistedRule(chain.path, similar_lines[0], chain.indent, bool(equal_lines))
        if len(similar_lines) == 1
        else None
    )


def _is_similar(text: str, expected: str) -> bool:
    """Return whether two rules have the same numbers, sets and verdict, in different words."""
    marks = r"@?[\w.:/-]*\d[\w.:/-]*|@[\w-]+|\b(?:accept|drop|reject|jump|goto)\b"
    return set(re.findall(marks, text)) == set(re.findall(marks, expected))


def chains(path: str, text: str, family: str, table: str, name: str) -> Iterator[ScriptChain]:
    """Yield the blocks of that chain. Lines with unbalanced braces of sets are skipped."""
    lines = text.splitlines()
    open_blocks: list[str] = []
    first, policy = -1, "accept"
    rules: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        code = line.partition("#")[0].strip()
        in_chain = open_blocks == [f"{family} {table}", name]
        if in_chain and first < 0:
            first, policy, rules = number, "accept", []
        if in_chain and code and code != "}" and code.count("{") == code.count("}"):
            rules.append((number, code))
            if re.match(r"(?:type|policy|comment|devices?)\b", code):
                rules.pop()
                first = number + 1
                policy = "drop" if re.search(r"\bpolicy drop\b", code) else policy
        for brace in re.finditer(r"[{}]", code):
            if brace[0] == "{":
                open_blocks.append(_head(code[: brace.start()]))
                continue
            if open_blocks == [f"{family} {table}", name] and first >= 0:
                indent = _indent(lines, rules, first, number)
                yield ScriptChain(path, first, number, indent, policy, tuple(rules))
                first = -1
            del open_blocks[-1:]


def _head(text: str) -> str:
    """Return the name in a block's head: "inet filter" for a table, "input" for a chain."""
    match = re.fullmatch(r"(?:add\s+|create\s+)?(table|chain)\s+(.+?)\s*", text.strip().lstrip("}"))
    if match is None:
        return ""
    name = " ".join(match[2].replace('"', "").split())
    return f"ip {name}" if match[1] == "table" and " " not in name else name


def _indent(lines: list[str], rules: list[tuple[int, str]], first: int, last: int) -> str:
    sample = (
        lines[rules[0][0]] if rules else lines[first - 1] if first < last else f"\t{lines[last]}"
    )
    return sample[: len(sample) - len(sample.lstrip(" \t"))]


def normalize_rule(text: str) -> str:
    """Return a rule without parts that do not change it: counters, comments, braces around a single
    value, names of ports, prefixes that nft adds to a protocol's fields, the default burst of a
    limit."""
    text = re.sub(r'\bcomment\s+"[^"]*"', "", text)
    text = re.sub(r"\bburst 5 packets\b", "", text)
    text = re.sub(r"\bcounter\b(?:\s+packets\s+\d+\s+bytes\s+\d+)?", "", text)
    text = re.sub(r"\{\s*([^\s,{}]+)\s*\}", r"\1", text)
    text = re.sub(r"\b(dport|sport)(\s+(?:!=\s+)?)(https|http|ssh)\b", _port_number, text)
    text = re.sub(r"\b(?:ip protocol|meta l4proto|ip6 nexthdr) tcp (?=tcp )", "", text)
    text = re.sub(r"\bmeta ((?:i|o)ifname|l4proto|mark)\b", r"\1", text)
    text = re.sub(r"\b([io])ifname\b", r"\1if", text)
    text = re.sub(r"\s*([{},])\s*", r"\1", text.replace('"', "").replace("==", " "))
    return " ".join(text.split())


def _port_number(match: re.Match[str]) -> str:
    number = {"https": "443", "http": "80", "ssh": "22"}[match[3]]
    return f"{match[1]}{match[2]}{number}"


# ---- iptables-restore files


def _find_in_save_file(position: RulePosition, path: str, text: str) -> PersistedRule | None:
    table, chain = position.table.name, position.chain.name
    current_table, last, declared = "", -1, False
    expected = comparable_words(split_words(position.text))
    for number, line in enumerate(text.splitlines()):
        if line.startswith("*"):
            current_table = line[1:].strip()
        elif current_table == table and re.match(rf":{re.escape(chain)}\s", line):
            declared, last = True, number + 1
        elif current_table == table and (rule := re.match(r"(?:\[\d+:\d+\]\s*)?(-A .*)", line)):
            arguments = split_words(rule[1])
            if arguments[1:2] == (chain,):
                if position.rule and comparable_words(arguments) == expected:
                    return PersistedRule(path, number, "", True)
                last = number + 1
        elif (
            current_table == table
            and line.strip() == "COMMIT"
            and declared
            and position.rule is None
        ):
            return PersistedRule(path, max(last, 0) if last >= 0 else number, "", False)
    return None


def comparable_words(arguments: Iterable[str]) -> frozenset[str]:
    """Return a rule's words without order, because the kernel reorders the extensions."""
    synonyms = {"state": "conntrack", "--state": "--ctstate", "--syn": "--tcp-flags"}
    return frozenset(synonyms.get(argument, argument) for argument in arguments) - {"-m"}
