"""What holds for all rules: a set is judged like each of its addresses, and readers never fail."""

import json
from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diagnose.cloud import fields
from diagnose.cloud.address_sets import (
    count,
    difference,
    internet,
    intersection,
    network_range,
    union,
)
from diagnose.cloud.aliyun.rules import firewall_rule_set, rule_set
from diagnose.cloud.evaluation import Flow, Verdict, evaluate
from diagnose.model.cloud import ANY_ADDRESS, PortRange, Rule, RuleLayer, RuleSet

#: Most networks that a verdict names.
MOST_NAMED = 64
NETWORKS = ("0.0.0.0/0", "203.0.113.0/24", "203.0.113.0/28", "198.51.100.0/24", "10.0.0.0/8")
ADDRESSES = ("203.0.113.3", "203.0.113.77", "198.51.100.9", "192.0.2.1")
PORTS = (PortRange(443, 443), PortRange(1, 65535), PortRange(80, 80))

RULES = st.lists(
    st.builds(
        Rule,
        id=st.sampled_from("abcdef"),
        allow=st.booleans(),
        order=st.tuples(st.integers(1, 3), st.integers(0, 1)),
        protocol=st.sampled_from(["tcp", "udp", "all"]),
        ports=st.tuples(st.sampled_from(PORTS)),
        peers=st.tuples(st.sampled_from(NETWORKS)),
    ),
    max_size=6,
)
LAYERS = st.lists(
    st.builds(
        RuleLayer,
        kind=st.just("group"),
        rules=RULES.map(tuple),
        direction=st.sampled_from(["in", "out"]),
        allow_unmatched=st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


def first_match(layer: RuleLayer, address: str) -> str:
    """The plain way, for one address: the first rule that matches. For replies, the results of all
    client ports that a rule tells apart."""
    ports = [443] if layer.direction == "in" else [1024, 30000, 65535]
    results = {_first_match(layer, address, port) for port in ports}
    return results.pop() if len(results) == 1 else "unknown"


def _first_match(layer: RuleLayer, address: str, port: int) -> str:
    for rule in sorted(layer.rules, key=lambda rule: rule.order):
        ports_match = any(each.first <= port <= each.last for each in rule.ports)
        peer = network_range(rule.peers[0])
        own = network_range(address)
        assert peer is not None
        assert own is not None
        inside = peer[1][0] <= own[1][0] <= peer[1][1]
        if rule.protocol in {"all", "tcp"} and ports_match and inside:
            return "allow" if rule.allow else "deny"
    return "allow" if layer.allow_unmatched else "deny"


@given(LAYERS)
def test_one_address_gets_what_the_first_match_says(layers: list[RuleLayer]) -> None:
    for address in ADDRESSES:
        results = [first_match(layer, address) for layer in layers]
        expected = "allow"
        if "deny" in results:
            expected = "deny"
        elif "unknown" in results:
            expected = "unknown"
        assert evaluate(RuleSet(tuple(layers)), Flow(443, address)).status == expected


@given(LAYERS)
def test_the_internet_gets_what_its_addresses_get(layers: list[RuleLayer]) -> None:
    rules = RuleSet(tuple(layers))
    everybody = evaluate(rules, Flow(443))
    for address in ADDRESSES:
        status = evaluate(rules, Flow(443, address)).status
        # These lists are for people, and only their first networks are named.
        for networks, outcome in ((everybody.open_to, "allow"), (everybody.closed_to, "deny")):
            if _is_in(address, networks) or len(networks) < MOST_NAMED:
                assert _is_in(address, networks) is (status == outcome)


@given(LAYERS)
def test_all_addresses_are_counted(layers: list[RuleLayer]) -> None:
    everybody = evaluate(RuleSet(tuple(layers)), Flow(443))
    decided, whole = everybody.open_count + everybody.closed_count, count(internet(4))
    assert (decided < whole) is bool(everybody.unknown_to)
    assert bool(everybody.open_count) is bool(everybody.open_to)
    for networks, number in (
        (everybody.open_to, everybody.open_count),
        (everybody.closed_to, everybody.closed_count),
    ):
        named = sum(ip_network(network).num_addresses for network in networks)
        assert named == number if len(networks) < MOST_NAMED else named <= number


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    own = network_range(address)
    assert own is not None
    ranges = [network for network in map(network_range, networks) if network is not None]
    return any(first <= own[1][0] <= last for _, (first, last) in ranges)


@given(LAYERS, st.data())
def test_an_unread_rule_is_unknown_exactly_where_it_decides(
    layers: list[RuleLayer], data: st.DataObject
) -> None:
    """Both readings of it are tried: it matches everything that it may, or nothing."""
    rules = layers[0].rules
    if not rules:
        return
    position = data.draw(st.integers(0, len(rules) - 1))
    chosen = rules[position]
    unread = Rule("unread", chosen.allow, chosen.order, "tcp", peers=ANY_ADDRESS, unread="a list")
    read = Rule("unread", chosen.allow, chosen.order, "tcp", peers=ANY_ADDRESS)

    def verdict(*middle: Rule) -> Verdict:
        layer = RuleLayer("group", rules=(*rules[:position], *middle, *rules[position + 1 :]))
        return evaluate(RuleSet((layer,)), Flow(443, "203.0.113.3"))

    with_it, without = verdict(read).status, verdict().status
    expected = with_it if with_it == without else "unknown"
    assert verdict(unread).status == expected


RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], sum(pair)))
)


@given(RANGES, RANGES)
def test_sets_are_sets(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    def members(ranges: Any) -> set[int]:
        return {number for first, last in ranges for number in range(first, last + 1)}

    a, b = union(left), union(right)
    assert members(a) == members(left)
    assert members(intersection(a, b)) == members(left) & members(right)
    assert members(difference(a, b)) == members(left) - members(right)


def test_private_addresses_are_not_the_internet() -> None:
    for network in ("10.1.2.3", "100.64.0.1", "127.0.0.1", "192.168.0.1", "240.0.0.1", "0.1.2.3"):
        own = network_range(network)
        assert own is not None
        assert not intersection((own[1],), internet(4)), network


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(
            ["Permissions", "Permission", "PortRange", "SourceCidrIp", "Priority", "Policy",
             "IpProtocol", "IngressAclEntries", "IngressAclEntry", "RuleProtocol", "Port"]
        ), inner, max_size=5
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(["Permissions", "SecurityGroupId"]), JSON)), JSON)
def test_readers_take_whatever_an_api_sends(groups: list[dict[str, Any]], acl: Any) -> None:
    rules = rule_set(groups, acl if isinstance(acl, dict) else None)
    assert evaluate(rules, Flow(443)).status in {"allow", "deny", "partial", "unknown"}
    listed = fields.items({"rules": acl}, "rules")
    assert firewall_rule_set(listed).layers[0].kind == "firewall"
    assert json.dumps([rule.text for layer in rules.layers for rule in layer.rules])


def test_many_rules_do_not_take_long() -> None:
    """Also where many cannot be read: each takes a part of what the others left."""
    rules = [
        {"PortRange": "443/443", "IpProtocol": "TCP", "Policy": "Drop" if number % 2 else "Accept",
         "Priority": number % 100, "SourcePrefixListId": f"pl-{number}" if number % 3 else "",
         "SourceCidrIp": "" if number % 3 else f"{number % 250}.{number % 7}.0.0/16"}
        for number in range(2000)
    ]  # fmt: skip
    verdict = evaluate(rule_set([{"Permissions": rules}]), Flow(443))
    assert verdict.status in {"unknown", "partial"}
