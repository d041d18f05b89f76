"""What HAProxy's rules ask about the visitor's address: ACLs with `src` (Configuration Manual,
section 7.3.3), also with the addresses in a file ("-f", section 7.1). No I/O."""

from collections.abc import Iterator, Mapping

from diagnose.model.server_rules import AddressTest
from diagnose.parsers.address_tests import (
    MAX_NETWORKS,
    UNKNOWN,
    Tests,
    joined,
    network_of,
)
from diagnose.parsers.haproxy.conditions import Literal, Rule, Situation, literal_holds
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy
from diagnose.parsers.haproxy.criteria import Criterion

#: Maximum number of files.
MAX_FILES = 10


def list_files(config: Configuration) -> tuple[str, ...]:
    """Return the files from which ACLs about `src` take their addresses."""
    paths = (
        words[index + 1]
        for proxy in config.proxies
        for line in proxy.lines
        if "src" in (words := line.words)
        for index, word in enumerate(words[:-1])
        if word == "-f" and words[index + 1].startswith("/")
    )
    return tuple(dict.fromkeys(paths))[:MAX_FILES]


def refused_addresses(
    rule: Rule, proxy: Proxy, situation: Situation, path: str, lists: Mapping[str, str]
) -> Tests:
    """Return what is true for the addresses that a rule takes; `lists` are the texts of the files
    by their paths. What else the rule asks is true, false or unknown."""
    terms = [
        joined("all", [_literal(each, rule, proxy, situation, path, lists) for each in term])
        for term in rule.alternatives
    ]
    return joined("none" if rule.negated else "any", terms)


def _literal(
    literal: Literal,
    rule: Rule,
    proxy: Proxy,
    situation: Situation,
    path: str,
    lists: Mapping[str, str],
) -> Tests:
    if not literal.criteria or any(each.subject != "src" for each in literal.criteria):
        truth = literal_holds(literal, situation, path)
        return UNKNOWN if truth is None else (AddressTest(0, "true" if truth else "false"),)
    tests = [test for each in literal.criteria for test in _tests(each, rule, proxy, lists)]
    return joined("none" if literal.negated else "any", tests)


def _tests(
    criterion: Criterion, rule: Rule, proxy: Proxy, lists: Mapping[str, str]
) -> Iterator[Tests]:
    """Yield the test of the addresses in the line, and of those in the file."""
    if criterion.values or not criterion.file:
        line = _line_of(criterion, rule, proxy)
        place = (line.file, line.number) if line else ("", 0)
        yield _networks(criterion.values, *place)
    if criterion.file:
        yield _listed(lists.get(criterion.file), criterion.file)


def _listed(text: str | None, path: str) -> Tests:
    """Return the test of the addresses in a file, unknown of one that is not read or too long."""
    if text is None or text.count("\n") > MAX_NETWORKS:
        return UNKNOWN
    return _networks(tuple(listed_words(text)), path, 0)


def _networks(words: tuple[str, ...], file: str, line: int) -> Tests:
    networks = [network_of(word) for word in words]
    if None in networks:
        return UNKNOWN
    return (AddressTest(0, "in", tuple(map(str, networks)), file, line),)


def listed_words(text: str) -> Iterator[str]:
    """Yield the addresses in a file of patterns: the first word of each line that is no comment."""
    for row in text.split("\n"):
        words = row.split()
        if words and not words[0].startswith("#"):
            yield words[0]


def _line_of(criterion: Criterion, rule: Rule, proxy: Proxy) -> Line | None:
    """Return the line that has the addresses: the ACL's, or that of the rule itself."""
    wanted = set(criterion.values)
    lines = [
        line
        for line in (rule.line, *proxy.own("acl"))
        if "src" in line.words and wanted <= set(line.words)
    ]
    return lines[0] if len(lines) == 1 else None
