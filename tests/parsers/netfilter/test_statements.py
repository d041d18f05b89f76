"""Statements of a rule in nft's JSON, as steps (libnftables-json(5))."""

from typing import Any

import pytest

from diagnose.parsers.netfilter.expressions import UnsupportedForm
from diagnose.parsers.netfilter.rules import (
    Add,
    Assign,
    DataMap,
    Limit,
    Match,
    Nat,
    ObjectMap,
    Opaque,
    Reject,
    Step,
    Unknown,
    Verdict,
)
from diagnose.parsers.netfilter.statements import datum, step, verdict
from tests.support.netfilter_expectations import (
    field,
    match,
    meta,
)

PICK = {"key": field("tcp dport"), "data": {"set": [["*", "slow"], [443, "fast"]]}}


@pytest.mark.parametrize(
    ("statement", "parsed"),
    [
        (match(field("tcp dport"), 443), Match(("tcp dport",), "==", (((443, 443),),))),
        (match(field("tcp dport"), "@ports"), Match(("tcp dport",), "==", "ports")),
        (match({"ct": {"key": "state"}}, ["established", "new"], "in"),
         Match(("ct state",), "in", (((2, 2),), ((8, 8),)))),
        (match({"&": [field("tcp flags"), {"|": ["syn", "ack"]}]}, "syn"),
         Match(("tcp flags",), "==", (((2, 2),),), 18)),
        (match(meta("iifname"), "eth*"), Match(("meta iifname",), "==", (("eth*",),))),
        (match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False),
         Match(("fib saddr . iif oif exists",), "==", (((0, 0),),))),
        ({"reject": None}, Reject("icmpx", "port-unreachable")),
        ({"limit": {"rate": 2, "burst": 5, "per": "minute", "inv": True}},
         Limit("limit rate over 2/minute burst 5 packets", True)),
        ({"ct count": {"val": 3, "inv": True}}, Limit("ct count over 3", True)),
        ({"mangle": {"key": meta("mark"), "value": {"|": [meta("mark"), 16]}}},
         Assign("meta mark", 16, "meta mark", 0xFFFFFFEF)),
        ({"dnat": {"family": "ip", "addr": "10.0.0.1", "port": 80}},
         Nat("dnat", (0x0A000001, 0x0A000001), (80, 80), "ip")),
        ({"redirect": {"port": {"map": {"key": field("tcp dport"), "data": "@to"}}}},
         Nat("redirect", None, DataMap(("tcp dport",), "to"))),
        ({"masquerade": None}, Nat("masquerade")),
        ({"jump": {"target": "sub"}}, Verdict("jump", "sub")),
        ({"queue": {"num": 0}}, Opaque("queue 0")),
        ({"xt": {"type": "match", "name": "recent"}}, Unknown("xt match recent")),
        ({"xt": {"type": "target", "name": "REJECT"}}, Opaque("xt target REJECT")),
    ],
)  # fmt: skip
def test_each_statement_is_a_step(statement: Any, parsed: Step) -> None:
    assert step(statement, {}) == parsed


@pytest.mark.parametrize(
    "statement",
    [
        {"counter": {"packets": 1, "bytes": 60}},
        {"log": {"prefix": "x"}},
        {"xt": {"type": "match", "name": "comment"}},
        {"xt": {"type": "target", "name": "LOG"}},
        {"mangle": {"key": {"tcp option": {"name": "maxseg", "field": "size"}}, "value": 1400}},
        {"dup": {"addr": "192.0.2.1"}},
    ],
)
def test_what_does_nothing_to_the_packet_is_no_step(statement: Any) -> None:
    assert step(statement, {}) is None


def test_a_named_limit_matches_above_it_where_it_says_so() -> None:
    assert step({"limit": "lax"}, {"lax": True}) == Limit('limit name "lax"', over=True)
    assert step({"limit": "lax"}, {}) == Limit('limit name "lax"')
    picked = step({"quota": {"map": PICK}}, {"fast": True, "slow": False})
    assert isinstance(picked, ObjectMap)
    assert (picked.over, picked.limits) == (frozenset({"fast"}), True)
    assert picked.entries == ((((443, 443),), "fast"), ((), "slow")), "the last resort comes last"


def test_a_counter_of_a_map_limits_nothing_and_a_plain_one_is_no_step() -> None:
    picked = step({"counter": {"map": PICK}}, {})
    assert isinstance(picked, ObjectMap)
    assert not picked.limits
    assert step({"counter": "all"}, {}) is None


def test_what_is_added_to_a_set_is_a_step_and_a_limit_in_it_is_a_limit() -> None:
    add = {"op": "add", "elem": field("ip saddr"), "set": "@seen"}
    assert step({"set": add}, {}) == Add(("ip saddr",), "seen")
    assert step({"set": add | {"op": "delete"}}, {}) is None
    over = {"limit": {"rate": 9, "per": "second", "inv": True}}
    limited = step({"set": add | {"stmt": [over]}}, {})
    assert isinstance(limited, Limit)
    assert limited.over


@pytest.mark.parametrize(
    ("value", "assigned"),
    [
        (7, Assign("meta mark", 7)),
        ({"ct": {"key": "mark"}}, Assign("meta mark", 0, "ct mark")),
        ({"&": [meta("mark"), 15]}, Assign("meta mark", 0, "meta mark", 15)),
        ({"^": [meta("mark"), 3]}, Assign("meta mark", 3, "meta mark")),
        ({"|": [{"&": [meta("mark"), 0xF0]}, 1]}, Assign("meta mark", 1, "meta mark", 0xF0)),
        ({"<<": [meta("mark"), 1]}, Assign("meta mark", None)),
    ],
)
def test_what_a_mark_is_set_to(value: Any, assigned: Assign) -> None:
    assert step({"mangle": {"key": meta("mark"), "value": value}}, {}) == assigned


@pytest.mark.parametrize(
    "statement",
    [None, 3, [], {}, "odd", {"dnat": 3}, {"vmap": {}}, {"set": {}}, {"xt": None}, {"limit": 3},
     {"jump": {"new": 1}}, {"mangle": {"key": field("tcp dport"), "value": 80}}, {"reject": 3},
     {"dnat": {"addr": "10.0.0.0", "flags": ["netmap"]}}],
)  # fmt: skip
def test_what_is_not_understood_may_do_anything_and_never_raises(statement: Any) -> None:
    assert isinstance(step(statement, {}), Opaque)


@pytest.mark.parametrize("body", [None, {}, {"left": field("tcp dport"), "right": {"x": 1}}])
def test_a_match_that_is_not_understood_may_match_or_not(body: Any) -> None:
    assert isinstance(step({"match": body}, {}), Unknown)


def test_verdicts_and_data_of_a_map() -> None:
    assert verdict({"goto": {"target": "web"}}) == Verdict("goto", "web")
    assert verdict("drop") == Verdict("drop")
    with pytest.raises(UnsupportedForm):
        verdict({"queue": None})
    assert datum({"concat": ["10.0.0.1", 80]}) == ((0x0A000001, 0x0A000001), (80, 80))
