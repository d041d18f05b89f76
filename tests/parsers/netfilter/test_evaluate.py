"""What becomes of a connection. Each of these was tried on a kernel too: tests/lab."""

from typing import Any

import pytest

from diagnose.parsers.netfilter import Host, Packet, Rules, decide
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    RETURN,
    SITE6,
    ask,
    called,
    chain,
    dport,
    field,
    match,
    meta,
    network,
    rule,
    rules,
    saddr,
    state,
    table,
)

FLAGS = field("tcp flags")
RESET = {"reject": {"type": "tcp reset"}}
PROHIBITED = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}
CONTAINER = Host(
    addresses=(("eth0", "203.0.113.10/24"), ("docker0", "172.17.0.1/16")),
    routes=(("0.0.0.0/0", "eth0"), ("172.17.0.0/16", "docker0")),
)
DNAT = {"dnat": {"family": "ip", "addr": "172.17.0.2", "port": 8443}}


def test_without_rules_everything_is_let_in() -> None:
    said = ask(Rules())
    assert (said.verdict, said.table, said.rule) == ("accept", "", "")


def test_a_policy_decides_where_no_rule_does() -> None:
    said = ask(rules(table(chain(policy="drop"), rule(dport(80), ACCEPT))))
    assert (said.verdict, said.policy, said.chain, said.packet) == ("drop", True, "input", "syn")
    assert (said.family, said.table, said.hook, said.handle) == ("inet", "t", "input", None)


def test_the_deciding_rule_is_named() -> None:
    said = ask(rules(table(chain(), rule(dport(443), DROP, handle=7))))
    assert (said.verdict, said.handle, said.rule) == ("drop", 7, "tcp dport 443 drop")


def test_an_accept_ends_its_own_chain_only() -> None:
    first = table(chain(prio=-10), rule(dport(443), ACCEPT), name="first")
    second = table(chain(policy="drop"), name="second")
    assert ask(rules(first, second)).table == "second"


def test_of_two_chains_of_one_priority_the_newer_is_asked_first() -> None:
    older = table(chain(), rule(RESET), name="older")
    newer = table(chain(), rule(DROP), name="newer")
    assert ask(rules(older, newer)).table == "newer"


def test_namesakes_in_two_families_are_two_tables() -> None:
    v4 = table(chain(), rule(DROP), family="ip", name="filter")
    v6 = table(chain(), rule(RESET), family="ip6", name="filter")
    read = rules(v4, v6)
    assert ask(read).family == "ip"
    assert ask(read, "2001:db8:9::7", to=SITE6).how == "tcp reset"


def test_a_dormant_table_does_nothing() -> None:
    asleep = table(chain(policy="drop"))
    asleep[0]["table"]["flags"] = ["dormant"]
    assert ask(rules(asleep)).verdict == "accept"


@pytest.mark.parametrize(
    ("kind", "code", "v4", "v6"),
    [
        ("icmpx", "admin-prohibited", "icmp 3/13", "icmpv6 1/1"),
        ("icmpx", "port-unreachable", "icmp 3/3", "icmpv6 1/4"),
        ("icmpx", "host-unreachable", "icmp 3/1", "icmpv6 1/3"),
        ("icmpx", "no-route", "icmp 3/0", "icmpv6 1/0"),
        ("icmp", "host-prohibited", "icmp 3/10", ""),
        ("icmpv6", "policy-fail", "", "icmpv6 1/5"),
        ("tcp reset", "", "tcp reset", "tcp reset"),
    ],
)
def test_how_a_rule_rejects(kind: str, code: str, v4: str, v6: str) -> None:
    read = rules(table(chain(), rule({"reject": {"type": kind, "expr": code}})))
    assert ask(read).how == v4
    assert ask(read, "2001:db8:9::7", to=SITE6).how == v6


def test_a_rejection_that_does_not_get_out_is_lost() -> None:
    out = chain("output", policy="drop")
    said = ask(rules(table(chain(), rule(PROHIBITED)), table(out, name="out")))
    assert (said.verdict, said.lost, said.chain) == ("reject", True, "input")
    assert ask(rules(table(chain(), rule(state("new"), PROHIBITED)), table(
        out, rule(state("related"), ACCEPT, chain="output"), name="out",
    ))).lost is False  # fmt: skip


# Which packet of the three


def test_the_answer_may_be_stopped() -> None:
    said = ask(rules(table(chain("output", policy="drop"))))
    assert (said.verdict, said.packet, said.hook) == ("drop", "reply", "output")
    assert ask(rules(table(
        chain("output", policy="drop"), rule(state("established"), ACCEPT, chain="output"),
    ))).verdict == "accept"  # fmt: skip


def test_the_last_packet_may_be_stopped() -> None:
    """The client believes that it is connected; the server's program never hears of it."""
    first = match({"&": [FLAGS, {"|": ["syn", "ack"]}]}, "syn")
    said = ask(rules(table(chain(policy="drop"), rule(first, ACCEPT))))
    assert (said.verdict, said.packet, said.policy) == ("drop", "ack", True)
    rest = rule(match(FLAGS, "ack", "in"), ACCEPT)
    assert ask(rules(table(chain(policy="drop"), rule(first, ACCEPT), rest))).verdict == "accept"


def test_untracked_packets_are_not_established() -> None:
    raw = chain("prerouting", prio=-300)
    untracked = rule({"notrack": None}, chain="prerouting")
    let = rule(state("new", "established"), ACCEPT)
    assert ask(rules(table(raw, untracked, chain(policy="drop"), let))).verdict == "drop"
    before = rule(state("invalid"), DROP, chain="prerouting")
    assert ask(rules(table(raw, before))).hook == "prerouting"


# Chains


def test_jump_comes_back_and_goto_does_not() -> None:
    for kind, verdict in (("jump", "accept"), ("goto", "drop")):
        read = rules(table(
            called("sub"), chain(policy="drop"), rule({kind: {"target": "sub"}}), rule(ACCEPT),
            rule(dport(80), ACCEPT, chain="sub"),
        ))  # fmt: skip
        assert ask(read).verdict == verdict


def test_return_in_a_base_chain_is_its_policy() -> None:
    assert ask(rules(table(chain(policy="drop"), rule(RETURN), rule(ACCEPT)))).policy


@pytest.mark.parametrize(
    ("verdict", "is_"), [("continue", "drop"), ("accept", "accept"), ("return", "accept")]
)
def test_continue_in_a_verdict_map_goes_on_with_the_rule(verdict: str, is_: str) -> None:
    vmap = {"vmap": {"key": field("tcp dport"), "data": {"set": [[443, {verdict: None}]]}}}
    read = rules(table(chain(), rule(vmap, DROP)))
    assert ask(read).verdict == is_
    assert ask(read, port=80).verdict == "accept", "no element: the rule does not match"


def test_a_verdict_map_by_name_and_its_last_resort() -> None:
    fate = {"map": {"name": "fate", "type": "inet_service", "map": "verdict",
                    "elem": [["*", DROP], [443, {"jump": {"target": "sub"}}]]}}  # fmt: skip
    vmap = {"vmap": {"key": field("tcp dport"), "data": "@fate"}}
    read = rules(table(fate, called("sub"), chain(), rule(vmap), rule(ACCEPT, chain="sub")))
    assert [ask(read, port=port).verdict for port in (443, 80)] == ["accept", "drop"]


def test_a_chain_that_calls_itself_ends() -> None:
    read = rules(table(called("sub"), chain(), rule({"jump": {"target": "sub"}}),
                       rule({"jump": {"target": "sub"}}, chain="sub")))  # fmt: skip
    assert ask(read).verdict == "unknown"


# Values


@pytest.mark.parametrize(
    ("expression", "hits"),
    [
        (dport({"set": [80, {"range": [400, 500]}]}), True),
        (dport({"set": [80]}, "!="), True),
        (dport(443, ">"), False),
        (dport(1024, "<"), True),
        (match({"&": [field("tcp dport"), 1]}, 1), True),
        (saddr(network("198.51.100.0", 24)), True),
        (saddr({"range": ["198.51.100.8", "198.51.100.9"]}), False),
        (saddr({"set": ["198.51.100.7"]}, "!="), False),
        (match({"&": [field("ip saddr"), "0.0.0.1"]}, "0.0.0.1"), True),
        (match(field("ip6 saddr"), "::1", "!="), False),
        (match(field("udp dport"), 443), False),
        (match(meta("l4proto"), {"set": ["tcp", "udp"]}), True),
        (match(meta("iifname"), "eth*"), True),
        (match(meta("iifname"), {"set": ["lo", "eth1"]}), False),
        (match(meta("iif"), "lo", "!="), True),
        (match(meta("nfproto"), "ipv4"), True),
        (match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"), True),
        (match({"fib": {"result": "type", "flags": ["saddr"]}}, "local"), False),
        (match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False), False),
        (match({"ct": {"key": "proto-dst", "dir": "original"}}, 443), True),
        (match({"exthdr": {"name": "frag"}}, True), False),
        (match({"concat": [field("ip saddr"), field("tcp dport")]},
               {"set": [{"concat": [network("198.51.100.0", 24), {"range": [400, 500]}]}]}), True),
        (match({"concat": [meta("iifname"), field("tcp dport")]},
               {"set": [{"concat": ["eth1", 443]}]}), False),
    ],
)  # fmt: skip
def test_what_matches(expression: dict[str, Any], hits: bool) -> None:
    said = ask(rules(table(chain(), rule(expression, DROP))))
    assert said.verdict == ("drop" if hits else "accept"), said


def test_a_mark_goes_with_the_packet_and_a_connection_mark_with_the_connection() -> None:
    mark = {"mangle": {"key": meta("mark"), "value": {"|": [meta("mark"), 2]}}}
    keep = {"mangle": {"key": {"ct": {"key": "mark"}}, "value": meta("mark")}}
    before = (chain("prerouting", prio=-150), rule(dport(443), mark, keep, chain="prerouting"))
    read = rules(table(*before, chain(), rule(match(meta("mark"), 2), state("new"), DROP)))
    assert ask(read).packet == "syn"
    connection = match({"ct": {"key": "mark"}}, 2)
    out = rules(table(*before, chain("output"), rule(connection, DROP, chain="output")))
    assert ask(out).packet == "reply"


def test_what_a_rule_adds_to_a_set_is_in_it() -> None:
    seen = {"set": {"name": "seen", "type": "ipv4_addr", "flags": ["dynamic"]}}
    add = {"set": {"op": "add", "elem": field("ip saddr"), "set": "@seen"}}
    said = ask(rules(table(seen, chain(), rule(add), rule(saddr("@seen"), DROP))))
    assert said.verdict == "drop"
    back = rule(match(field("ip daddr"), "@seen"), DROP, chain="output")
    said = ask(rules(table(seen, chain(), rule(add), chain("output"), back)))
    assert said.packet == "reply", "the answer goes to the address that was added"
    out = rule(saddr("@seen"), DROP, chain="output")
    assert ask(rules(table(seen, chain(), rule(add), chain("output"), out))).verdict == "accept"


def test_a_limit_is_taken_as_not_exceeded_and_told() -> None:
    over = {"limit": {"rate": 5, "burst": 5, "per": "second", "inv": True}}
    said = ask(rules(table(chain(), rule(dport(443), over, DROP))))
    assert said.verdict == "accept"
    assert said.limits == ("tcp dport 443 limit rate over 5/second burst 5 packets drop",)


@pytest.mark.parametrize("kind", ["limit", "quota", "counter"])
@pytest.mark.parametrize(("picked", "verdict"), [(443, "drop"), (80, "accept")])
def test_where_a_map_has_no_object_for_the_packet_the_rule_ends(
    kind: str, picked: int, verdict: str
) -> None:
    by = {"key": {"payload": {"protocol": "tcp", "field": "dport"}},
          "data": {"set": [[picked, "lax"]]}}  # fmt: skip
    listed = {
        "map": {"name": "some", "type": "inet_service", "map": kind, "elem": [[picked, "lax"]]}
    }
    anonymous = rules(table(chain(), rule({kind: {"map": by}}, DROP)))
    named = rules(table(listed, chain(), rule({kind: {"map": {**by, "data": "@some"}}}, DROP)))
    for one in (anonymous, named):
        said = ask(one)
        assert said.verdict == verdict
        assert bool(said.limits) is (verdict == "drop" and kind != "counter")


def test_an_object_of_a_map_that_matches_what_exceeds_it() -> None:
    over = {"quota": {"name": "much", "bytes": 10_000, "inv": True}}
    by = {"key": {"payload": {"protocol": "tcp", "field": "dport"}},
          "data": {"set": [[443, "much"]]}}  # fmt: skip
    said = ask(rules(table(over, chain(), rule({"quota": {"map": by}}, DROP))))
    assert said.verdict == "accept"
    assert said.limits == ("quota name tcp dport map { 443 : much } drop",)


def test_an_object_that_only_some_sources_have() -> None:
    by = {"key": {"payload": {"protocol": "ip", "field": "saddr"}},
          "data": {"set": [["192.0.2.8", "lax"]]}}  # fmt: skip
    some = rules(table(chain(), rule({"limit": {"map": by}}, DROP)))
    assert ask(some, source="192.0.2.8").verdict == "drop"
    assert ask(some, source="192.0.2.9").verdict == "accept"


# What is not known


def test_what_cannot_be_judged_is_named() -> None:
    dice = match({"numgen": {"mode": "random", "mod": 2, "offset": 0}}, 0)
    said = ask(rules(table(chain(), rule(dice, DROP))))
    assert (said.verdict, said.either) == ("unknown", ("accept", "drop"))
    assert said.unknown == ("numgen random mod 2",)


def test_what_cannot_be_judged_may_not_matter() -> None:
    user = match({"socket": {"key": "transparent"}}, 1)
    assert ask(rules(table(chain(), rule(user, DROP), rule(DROP)))).verdict == "drop"
    assert ask(rules(table(chain(), rule(user, ACCEPT)))).verdict == "accept"


def test_a_queue_may_do_anything() -> None:
    said = ask(rules(table(chain(), rule({"queue": {"num": 1}}))))
    assert (said.verdict, said.unknown) == ("unknown", ("queue 1",))


# Loopback, containers


def test_the_machine_itself_comes_over_lo() -> None:
    read = rules(table(chain(policy="drop"), rule(match(meta("iif"), "lo"), ACCEPT)))
    assert ask(read, "203.0.113.10", interface="lo").verdict == "accept"
    assert ask(read).verdict == "drop"
    out = rules(table(chain("output"), rule(match(meta("oifname"), "lo"), DROP, chain="output")))
    assert ask(out, "203.0.113.10", interface="lo").packet == "syn"
    assert ask(out).verdict == "accept"


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


def test_to_a_loopback_address_is_a_martian() -> None:
    to = {"dnat": {"family": "ip", "addr": "127.0.0.1", "port": 8080}}
    nat = table(
        chain("prerouting", type="nat", prio=-100), rule(dport(443), to, chain="prerouting")
    )
    said = ask(rules(nat))
    assert (said.verdict, said.how) == ("drop", "route_localnet")
    assert said.rule == "tcp dport 443 dnat ip to 127.0.0.1:8080"


def test_a_chain_of_type_nat_alone_is_never_asked() -> None:
    alone = table(chain("prerouting", type="nat", prio=-100), rule(DROP, chain="prerouting"))
    assert ask(rules(alone)).verdict == "accept"
    tracked = table(chain(), rule(state("new"), ACCEPT), name="other")
    assert ask(rules(alone, tracked)).verdict == "drop"


def test_without_routes_the_way_back_is_assumed() -> None:
    reverse = match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False)
    read = rules(table(chain("prerouting"), rule(reverse, DROP, chain="prerouting")))
    assert ask(read).assumed == ("fib saddr oif",)
    known = Host(routes=(("0.0.0.0/0", "eth0"), ("198.51.100.0/24", "eth1")))
    assert ask(read, host=known).verdict == "drop"
    assert ask(read, "192.0.2.8", host=known).verdict == "accept"


def test_a_source_of_the_other_family_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot connect"):
        decide(Rules(), Packet("::1", "203.0.113.10", 443, "eth0"))
