"""What a rule does with a packet, statement by statement."""

import pytest

from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    SITE6,
    ask,
    called,
    chain,
    dport,
    field,
    match,
    meta,
    rule,
    rules,
    saddr,
    state,
    table,
)

RESET = {"reject": {"type": "tcp reset"}}


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


def test_a_queue_may_do_anything() -> None:
    said = ask(rules(table(chain(), rule({"queue": {"num": 1}}))))
    assert (said.verdict, said.unknown) == ("unknown", ("queue 1",))
