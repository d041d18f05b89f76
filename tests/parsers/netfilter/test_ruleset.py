"""What all tools printed, put together, and where in it a decision was made."""

import pytest

from diagnose.parsers.netfilter import Decision, Packet, decide
from diagnose.parsers.netfilter.ruleset import (
    LoadedRuleset,
    RulePosition,
    accepts,
    limited_rules,
    load_ruleset,
)
from tests.support.packets import ACCEPT, DROP, dport, place, ruleset, saved

PORTS = "-A INPUT -p tcp -m multiport --ports 8080 -j DROP"
WEB = "-A INPUT -p tcp -m tcp --dport 443 -j DROP"
LIMIT = "-A INPUT -p tcp -m tcp --dport 443 -m connlimit --connlimit-above 20 -j DROP"
SAVED = saved(PORTS, WEB, WEB, policy="DROP").text


def asked(seen: LoadedRuleset, port: int = 443, source: str = "198.51.100.7") -> Decision:
    return decide(seen.rules, Packet(source, "203.0.113.10", port, "eth0"))


def where(seen: LoadedRuleset, port: int = 443) -> RulePosition:
    found = seen.position_of(asked(seen, port))
    assert found is not None
    return found


def test_before_1_8_there_was_one_iptables_only() -> None:
    old = SAVED.replace("v1.8.11 (nf_tables)", "v1.4.21")
    new = SAVED.replace(" (nf_tables)", "")
    assert place(old, 0, "INPUT", "iptables-legacy").program == "iptables"
    assert place(new, 0, "INPUT", "iptables-legacy").program == "iptables-legacy"


def test_what_iptables_says_of_its_own_table_counts() -> None:
    opaque = [dport(443), {"xt": {"type": "match", "name": "recent"}}, DROP]
    hidden = ruleset(opaque, table="ip filter", chain="INPUT")
    both = load_ruleset((("nft", hidden), ("iptables", SAVED)))
    (table,) = both.rules.tables
    assert both.program(table) == "iptables"
    assert len(table.chains["INPUT"].rules) == 4


def test_a_line_that_makes_two_rules_is_counted_once() -> None:
    seen = LoadedRuleset({"iptables": SAVED})
    assert len(seen.rules.tables[0].chains["INPUT"].rules) == 4
    assert (where(seen).index, where(seen).text) == (1, WEB)
    assert (where(seen, 22).index, where(seen, 22).rule, where(seen, 22).text) == (3, None, "")


def test_a_decision_that_no_rule_made_is_nowhere() -> None:
    assert LoadedRuleset({}).position_of(Decision(verdict="accept")) is None
    assert LoadedRuleset({"nft": "nonsense", "iptables": "nonsense"}).rules.tables == ()


def test_without_a_rule_the_next_one_decides() -> None:
    seen = LoadedRuleset({"nft": ruleset([dport(443), DROP], [dport(443), ACCEPT])})
    left = seen.without_rule(where(seen))
    assert decide(left, Packet(None, "203.0.113.10", 443, "eth0")).verdict == "accept"
    assert asked(seen).verdict == "drop", "what was seen stays as it was"


def test_of_the_same_line_twice_one_is_left() -> None:
    seen = LoadedRuleset({"iptables": SAVED})
    left = seen.without_rule(where(seen)).tables[0].chains["INPUT"].rules
    assert [rule.text for rule in left] == [PORTS, PORTS, WEB]


def test_without_its_filtering_a_table_lets_pass() -> None:
    seen = LoadedRuleset({"nft": ruleset([DROP]), "iptables": saved(policy="DROP").text})
    (nft, iptables) = seen.rules.tables
    open_rules = seen.without_filtering(seen.without_filtering(seen.rules, nft), iptables)
    assert decide(open_rules, Packet(None, "203.0.113.10", 443, "eth0")).verdict == "accept"


def test_whoever_exceeds_a_limit_meets_its_rule() -> None:
    seen = LoadedRuleset({"iptables": saved(LIMIT).text})
    said = asked(seen)
    assert (said.verdict, said.limits) == ("accept", (LIMIT,))
    (limited,) = seen.positions_of(limited_rules(seen.rules, said.limits))
    exceeded = decide(seen.with_limit_exceeded(limited), Packet(None, "203.0.113.10", 443, "eth0"))
    assert (exceeded.verdict, exceeded.rule) == ("drop", LIMIT)


@pytest.mark.parametrize(
    ("ports", "verdict", "is_let_in"),
    [(443, ACCEPT, True), ({"range": [400, 500]}, ACCEPT, True), (443, DROP, False),
     (80, ACCEPT, False)],
)  # fmt: skip
def test_a_rule_that_names_the_port_and_accepts(
    ports: object, verdict: dict[str, None], is_let_in: bool
) -> None:
    seen = LoadedRuleset({"nft": ruleset([dport(ports), verdict])})
    assert accepts(seen.rules.tables[0].chains["input"].rules[0], 443) is is_let_in
