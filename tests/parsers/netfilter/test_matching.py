"""Whether a packet has the values that a rule matches."""

from typing import Any

import pytest

from diagnose.parsers.netfilter import Host
from diagnose.parsers.netfilter.hooks import initial_state
from diagnose.parsers.netfilter.matching import evaluate_match, map_lookup, matches_element
from diagnose.parsers.netfilter.packet import Packet
from diagnose.parsers.netfilter.packet_fields import UNKNOWN
from diagnose.parsers.netfilter.rules import DataMap, Rules
from diagnose.parsers.netfilter.topology import Topology
from diagnose.parsers.netfilter.traversal import PacketState
from tests.support.netfilter_expectations import (
    DROP,
    ask,
    chain,
    dport,
    field,
    match,
    meta,
    network,
    rule,
    rules,
    saddr,
    table,
)

PORTS = DataMap(("tcp dport",), ((((443, 443),), ((8443, 8443),)), ((), ((80, 89),))))


def at_prerouting() -> PacketState:
    """A packet from 0.0.0.0-0.0.0.99 to port 443."""
    packet = Packet(None, "203.0.113.10", 443, "eth0")
    return initial_state(Topology(Rules(), packet), ((0, 99),))


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


def test_without_routes_the_way_back_is_assumed() -> None:
    reverse = match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False)
    read = rules(table(chain("prerouting"), rule(reverse, DROP, chain="prerouting")))
    assert ask(read).assumed == ("fib saddr oif",)
    known = Host(routes=(("0.0.0.0/0", "eth0"), ("198.51.100.0/24", "eth1")))
    assert ask(read, host=known).verdict == "drop"
    assert ask(read, "192.0.2.8", host=known).verdict == "accept"


@pytest.mark.parametrize(
    ("key", "op", "span", "answer"),
    [
        ("tcp dport", "==", (443, 443), True),
        ("udp dport", "==", (443, 443), False),
        ("udp dport", "!=", (80, 80), False),
        ("ip6 saddr", "!=", (1, 1), False),
        ("ip saddr", "==", (0, 99), True),
        ("ip saddr", "==", (10, 19), ((10, 19),)),
        ("ip saddr", "!=", (10, 99), ((0, 9),)),
        ("ip saddr", ">=", (100, 100), False),
        ("ip ttl", "==", (64, 64), None),
        ("meta skuid", "==", (0, 0), False),
    ],
)
def test_the_answer_is_yes_no_unknown_or_some_sources(
    key: str, op: Any, span: tuple[int, int], answer: object
) -> None:
    assert evaluate_match(at_prerouting(), (key,), op, ((span,),)) == answer


def test_a_concatenation_matches_where_all_its_parts_do() -> None:
    packet, keys = at_prerouting(), ("ip saddr", "tcp dport")
    listed = (((0, 4), (443, 443)), ((3, 9), (443, 443)), ((50, 99), (80, 80)))
    assert evaluate_match(packet, keys, "==", listed) == ((0, 9),)
    assert evaluate_match(packet, keys, "!=", listed) == ((10, 99),)
    assert evaluate_match(packet, keys, "==", ()) is False
    assert evaluate_match(packet, ("ip ttl", "tcp dport"), "==", (((64, 64), (443, 443)),)) is None
    assert evaluate_match(packet, ("ip saddr", "udp dport"), "!=", listed) is False


def test_an_element_with_too_few_values_is_unknown_and_an_empty_one_matches() -> None:
    packet, keys = at_prerouting(), ("ip saddr", "tcp dport")
    assert matches_element(packet, keys, ((0, 99),)) is None
    assert matches_element(packet, keys, ()) is True
    assert matches_element(packet, ("udp dport",), ()) is False


def test_a_map_gives_its_data_or_says_that_it_has_none() -> None:
    packet = at_prerouting()
    assert map_lookup(packet, PORTS) == (8443,)
    packet.fields["tcp dport"] = 444
    assert map_lookup(packet, PORTS) == ((80, 89),), "the last resort, whose value is one of many"
    assert map_lookup(packet, DataMap(("tcp dport",), ())) is False
    packet.fields["tcp dport"] = UNKNOWN
    assert map_lookup(packet, PORTS) is None
    assert map_lookup(packet, DataMap(("tcp dport",), "of nobody")) is None
