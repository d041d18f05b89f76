"""Rules that translate a packet's destination or source."""

from typing import Any

from diagnose.parsers.netfilter import Host, Rules
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    SITE6,
    ask,
    chain,
    dport,
    field,
    match,
    meta,
    rule,
    rules,
    state,
    table,
)

CONTAINER = Host(
    addresses=(("eth0", "203.0.113.10/24"), ("docker0", "172.17.0.1/16")),
    routes=(("0.0.0.0/0", "eth0"), ("172.17.0.0/16", "docker0")),
)
DNAT = {"dnat": {"family": "ip", "addr": "172.17.0.2", "port": 8443}}
NAT = chain("prerouting", type="nat", prio=-100)
NEW = rule(state("new"), ACCEPT)


def translated(*expr: dict[str, Any]) -> Rules:
    """Rules that translate before routing, on a machine where conntrack is active."""
    return rules(table(NAT, rule(*expr, chain="prerouting"), chain(), NEW))


def test_a_published_port_does_not_pass_input_but_forward() -> None:
    nat = chain("prerouting", type="nat", prio=-100)
    to = rule(dport(443), DNAT, chain="prerouting")
    said = ask(rules(table(nat, to, chain(policy="drop"))), host=CONTAINER)
    assert (said.verdict, said.forwarded, said.to) == ("accept", True, "172.17.0.2:8443")
    closed = chain("forward", policy="drop")
    said = ask(rules(table(nat, to, closed)), host=CONTAINER)
    assert (said.verdict, said.hook, said.to) == ("drop", "forward", "172.17.0.2:8443")
    there = match(meta("oifname"), "docker0")
    only = rule(there, dport(8443), ACCEPT, chain="forward")
    assert ask(rules(table(nat, to, closed, only)), host=CONTAINER).packet == "reply"
    back = rule(state("established"), ACCEPT, chain="forward")
    assert ask(rules(table(nat, to, closed, only, back)), host=CONTAINER).verdict == "accept"


def test_the_answer_of_a_redirected_port_leaves_as_the_port_asked_for() -> None:
    nat = chain("prerouting", type="nat", prio=-100)
    to = rule(dport(443), {"redirect": {"port": 8443}}, chain="prerouting")
    sport = field("tcp sport")
    out = chain("output"), rule(match(sport, 8443), DROP, chain="output")
    assert ask(rules(table(nat, to, *out))).packet == "reply"
    late = chain("postrouting", prio=200), rule(match(sport, 8443), DROP, chain="postrouting")
    assert ask(rules(table(nat, to, *late))).verdict == "accept"
    dnat = match({"ct": {"key": "status"}}, "dnat", "in")
    assert ask(rules(table(nat, to, chain(policy="drop"), rule(dnat, ACCEPT)))).to.endswith(":8443")


def test_the_first_rule_that_matches_decides() -> None:
    other = {"dnat": {"family": "ip", "addr": "172.17.0.3", "port": 9443}}
    both = rules(table(NAT, rule(DNAT, chain="prerouting"), rule(other, chain="prerouting")))
    assert ask(both, host=CONTAINER).to == "172.17.0.2:8443"


def test_an_address_without_a_port_keeps_the_port() -> None:
    assert ask(translated({"dnat": {"family": "ip", "addr": "172.17.0.2"}})).to == "172.17.0.2:443"


def test_a_rule_of_the_other_family_translates_nothing() -> None:
    six = {"dnat": {"family": "ip6", "addr": "fd00::2", "port": 8443}}
    assert ask(translated(six)).to == ""
    assert ask(translated(six), "2001:db8:9::7", to=SITE6).to == "[fd00::2]:8443"


def test_a_map_says_where_to_and_leaves_the_rest() -> None:
    by_port = {
        "map": {
            "key": field("tcp dport"),
            "data": {"set": [[443, {"concat": ["172.17.0.2", 8443]}]]},
        }
    }
    read = translated({"dnat": {"family": "ip", "addr": by_port}})
    assert ask(read).to == "172.17.0.2:8443"
    assert (ask(read, port=80).to, ask(read, port=80).verdict) == ("", "accept")


def test_a_map_that_cannot_be_read_leads_nobody_knows_where() -> None:
    by_port = {"map": {"key": field("tcp dport"), "data": "@gone"}}
    said = ask(translated({"dnat": {"family": "ip", "addr": by_port}}))
    assert (said.verdict, said.unknown) == ("unknown", ("dnat ip to tcp dport map @gone",))


def test_a_masqueraded_source_is_no_longer_the_clients() -> None:
    late = chain("postrouting", type="nat", prio=100)
    hide = rule({"masquerade": None}, chain="postrouting")
    back = rule(match(field("ip daddr"), "198.51.100.7"), DROP, chain="prerouting")
    first = chain("prerouting", prio=-150)
    forwarded = table(NAT, rule(DNAT, chain="prerouting"), late, hide)
    seen = table(first, back, name="first")
    assert ask(rules(forwarded, seen), host=CONTAINER).verdict == "unknown"
    plain = table(NAT, rule(DNAT, chain="prerouting"))
    assert ask(rules(plain, seen), host=CONTAINER).packet == "reply"
