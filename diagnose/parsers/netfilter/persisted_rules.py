"""Rules in the files from which they are loaded at boot: scripts for nft (nft(8)) and what
iptables-restore reads; where a rule stands there, and the file with one less or one more. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping

from diagnose.model.frozen import frozen
from diagnose.parsers.netfilter.iptables import words
from diagnose.parsers.netfilter.ruleset import Place

#: Where iptables' rules lie, for IPv4 and IPv6, in the order of looking.
V4 = ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables", "/etc/iptables/iptables.rules")
V6 = ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables", "/etc/iptables/ip6tables.rules")


@frozen
class Chain:
    """A chain in a script for nft. `first` is the line behind its head (counted from 0), `last`
    that of its closing brace; `rules` are its rules' lines."""

    path: str
    first: int
    last: int
    indent: str
    policy: str
    rules: tuple[tuple[int, str], ...]


@frozen
class Kept:
    """Where a rule, or a policy, is written: the file, the line (counted from 0) at which a rule
    before it would stand, and whether just that rule is in that line."""

    path: str
    line: int
    indent: str
    exact: bool

    def without(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(lines[: self.line] + lines[self.line + 1 :])

    def with_before(self, text: str, added: Iterable[str]) -> str:
        lines = text.splitlines(keepends=True)
        new = [f"{self.indent}{one}\n" for one in added]
        return "".join(lines[: self.line] + new + lines[self.line :])


def find(place: Place, files: Mapping[str, str]) -> Kept | None:
    """The file that a rule comes from; None where none of these holds its chain."""
    if place.program == "nft":
        return _in_scripts(place, files)
    paths = V6 if place.table.family == "ip6" else V4
    found = (_in_saved(place, path, files[path]) for path in paths if path in files)
    return next((one for one in found if one), None)


# ---- scripts for nft


def _in_scripts(place: Place, files: Mapping[str, str]) -> Kept | None:
    for path, text in files.items():
        if "nft" not in path and "nftables" not in path:
            continue
        where = (place.table.family, place.table.name, place.chain.name)
        for chain in chains(path, text, *where):
            if found := _in_chain(place, chain):
                return found
    return None


def _in_chain(place: Place, chain: Chain) -> Kept | None:
    if place.rule is None:
        # A rule before the end comes before the policy.
        return Kept(chain.path, chain.last, chain.indent, False) if chain.policy == "drop" else None
    wanted = plain(place.text)
    same = [line for line, text in chain.rules if plain(text) == wanted]
    alike = same or [line for line, text in chain.rules if _is_like(plain(text), wanted)]
    return Kept(chain.path, alike[0], chain.indent, bool(same)) if len(alike) == 1 else None


def _is_like(text: str, wanted: str) -> bool:
    """The same numbers, sets and verdict, in other words."""
    marks = r"@?[\w.:/-]*\d[\w.:/-]*|@[\w-]+|\b(?:accept|drop|reject|jump|goto)\b"
    return set(re.findall(marks, text)) == set(re.findall(marks, wanted))


def chains(path: str, text: str, family: str, table: str, name: str) -> Iterator[Chain]:
    """The blocks of that chain. Braces of sets open and close within a line, or are passed
    over."""
    lines = text.splitlines()
    inside: list[str] = []
    first, policy = -1, "accept"
    rules: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        said = line.partition("#")[0].strip()
        here = inside == [f"{family} {table}", name]
        if here and first < 0:
            first, policy, rules = number, "accept", []
        if here and said and said != "}" and said.count("{") == said.count("}"):
            rules.append((number, said))
            if re.match(r"(?:type|policy|comment|devices?)\b", said):
                rules.pop()
                first = number + 1
                policy = "drop" if re.search(r"\bpolicy drop\b", said) else policy
        for brace in re.finditer(r"[{}]", said):
            if brace[0] == "{":
                inside.append(_head(said[: brace.start()]))
                continue
            if inside == [f"{family} {table}", name] and first >= 0:
                indent = _indent(lines, rules, first, number)
                yield Chain(path, first, number, indent, policy, tuple(rules))
                first = -1
            del inside[-1:]


def _head(text: str) -> str:
    """ "inet filter" of a table, "input" of a chain."""
    found = re.fullmatch(r"(?:add\s+|create\s+)?(table|chain)\s+(.+?)\s*", text.strip().lstrip("}"))
    if found is None:
        return ""
    said = " ".join(found[2].replace('"', "").split())
    return f"ip {said}" if found[1] == "table" and " " not in said else said


def _indent(lines: list[str], rules: list[tuple[int, str]], first: int, last: int) -> str:
    near = lines[rules[0][0]] if rules else lines[first - 1] if first < last else f"\t{lines[last]}"
    return near[: len(near) - len(near.lstrip(" \t"))]


def plain(text: str) -> str:
    """A rule without what does not change it: counters, comments, braces round a single value,
    names of ports, what nft puts in front of a protocol's fields by itself, the burst that a limit
    has unless another is given."""
    text = re.sub(r'\bcomment\s+"[^"]*"', "", text)
    text = re.sub(r"\bburst 5 packets\b", "", text)
    text = re.sub(r"\bcounter\b(?:\s+packets\s+\d+\s+bytes\s+\d+)?", "", text)
    text = re.sub(r"\{\s*([^\s,{}]+)\s*\}", r"\1", text)
    text = re.sub(r"\b(dport|sport)(\s+(?:!=\s+)?)(https|http|ssh)\b", _numbered, text)
    text = re.sub(r"\b(?:ip protocol|meta l4proto|ip6 nexthdr) tcp (?=tcp )", "", text)
    text = re.sub(r"\bmeta ((?:i|o)ifname|l4proto|mark)\b", r"\1", text)
    text = re.sub(r"\b([io])ifname\b", r"\1if", text)
    text = re.sub(r"\s*([{},])\s*", r"\1", text.replace('"', "").replace("==", " "))
    return " ".join(text.split())


def _numbered(found: re.Match[str]) -> str:
    number = {"https": "443", "http": "80", "ssh": "22"}[found[3]]
    return f"{found[1]}{found[2]}{number}"


# ---- what iptables-restore reads


def _in_saved(place: Place, path: str, text: str) -> Kept | None:
    table, chain = place.table.name, place.chain.name
    inside, last, known = "", -1, False
    wanted = alike(words(place.text))
    for number, line in enumerate(text.splitlines()):
        if line.startswith("*"):
            inside = line[1:].strip()
        elif inside == table and re.match(rf":{re.escape(chain)}\s", line):
            known, last = True, number + 1
        elif inside == table and (rule := re.match(r"(?:\[\d+:\d+\]\s*)?(-A .*)", line)):
            given = words(rule[1])
            if given[1:2] == (chain,):
                if place.rule and alike(given) == wanted:
                    return Kept(path, number, "", True)
                last = number + 1
        elif inside == table and line.strip() == "COMMIT" and known and place.rule is None:
            return Kept(path, max(last, 0) if last >= 0 else number, "", False)
    return None


def alike(given: Iterable[str]) -> frozenset[str]:
    """A rule's words in no order, since the kernel gives the extensions in one of its own."""
    same = {"state": "conntrack", "--state": "--ctstate", "--syn": "--tcp-flags"}
    return frozenset(same.get(one, one) for one in given) - {"-m"}
