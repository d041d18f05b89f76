"""`evaluate` works on sets of addresses; here each address is judged by itself.

The judges below know nothing of layers: they walk the rows of each API as its documents say. They
have to agree with `evaluate` about every address of a small network, about the rules that decide,
and about what rules that nobody could read leave open.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cloud.aliyun.rules import rule_set
from diagnose.cloud.aws.rules import acl_layers, group_layer
from diagnose.cloud.evaluation import Flow, Verdict, evaluate
from diagnose.cloud.tencent.rules import group_layer as tencent_layer
from diagnose.model.cloud import RuleSet
from tests.support.effort import examples

Row = dict[str, Any]
#: Whether the rows let an address in, and the rule that decides.
Judgement = tuple[bool, str]
#: The rows in the order in which they are tried, with the id of each rule.
Ordered = Sequence[tuple[str, Row]]

PORT = 443
NETWORK = "203.0.113.0/29"
ADDRESSES = [str(address) for address in ip_network(NETWORK)]
#: Lists that could not be read: an address may be in them or not, for each rule by itself.
LISTS = ("list-a", "list-b")
#: In one group: all ways in which they may be are tried.
MAX_LISTS = 2

SOURCES = st.sampled_from(
    [
        "0.0.0.0/0", NETWORK, "203.0.113.0/30", "203.0.113.4/31", "203.0.113.6", "203.0.113.3/32",
        "203.0.113.5/30", "10.0.0.0/8", "::/0", *LISTS,
    ]
)  # fmt: skip
PORTS = st.sampled_from([(443, 443), (1, 65535), (80, 80), (440, 450), (444, 65535), (1, 442)])
PROTOCOLS = st.sampled_from(["tcp", "tcp", "tcp", "all", "udp"])


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rules in words of no API."""
    sources = draw(st.lists(SOURCES, max_size=6))
    lists = [source for source in sources if source in LISTS][:MAX_LISTS]
    others = [source for source in sources if source not in LISTS]
    return [
        {
            "allow": draw(st.booleans()),
            "protocol": draw(PROTOCOLS),
            "ports": draw(PORTS),
            "source": source,
            "order": draw(st.integers(1, 4)),
        }
        for source in draw(st.permutations([*lists, *others]))
    ]


def matches(row: Row, address: str, port: int = PORT, is_listed: bool = False) -> bool:
    first, last = row["ports"]
    if row["protocol"] not in {"tcp", "all"} or (
        row["protocol"] == "tcp" and not first <= port <= last
    ):
        return False
    if row["source"] in LISTS:
        return is_listed
    network = ip_network(row["source"], strict=False)
    return ip_address(address) in network


def outcomes(ordered: Ordered, address: str, port: int = PORT) -> list[Judgement]:
    """Return the judgements for every way in which the unread lists may be: the first match each
    time."""
    unread = [rule_id for rule_id, row in ordered if row["source"] in LISTS]
    judgements: list[Judgement] = []
    for each in product([True, False], repeat=len(unread)):
        is_listed = dict(zip(unread, each, strict=True))
        judgements.append(
            next(
                (
                    (row["allow"], rule_id)
                    for rule_id, row in ordered
                    if matches(row, address, port, is_listed.get(rule_id, False))
                ),
                (False, "default"),
            )
        )
    return judgements


def is_in(address: str, networks: Sequence[str]) -> bool:
    return any(ip_address(address) in ip_network(network) for network in networks)


def compare(rules: RuleSet, ordered: Ordered) -> None:
    """Hold `evaluate` against the rows: for the network at once, and for each address."""
    whole = evaluate(rules, Flow(PORT, NETWORK))
    kinds = set()
    for address in ADDRESSES:
        judged = outcomes(ordered, address)
        allowed = {allow for allow, _ in judged}
        kind = "unknown" if len(allowed) > 1 else "allow" if True in allowed else "deny"
        kinds.add(kind)
        assert place_of(whole, address) == kind
        alone = evaluate(rules, Flow(PORT, address))
        assert alone.status == kind
        if kind != "unknown" and len({rule_id for _, rule_id in judged}) == 1:
            assert alone.by == (judged[0][1],)
    assert whole.status == status_of(kinds)


def status_of(kinds: set[str]) -> str:
    if {"allow", "deny"} <= kinds:
        return "partial"
    return "unknown" if "unknown" in kinds else kinds.pop()


def place_of(verdict: Verdict, address: str) -> str:
    """Return which of the verdict's networks hold an address: it has to be in one kind only."""
    kinds = {
        "allow": verdict.open_to,
        "deny": verdict.closed_to,
        "unknown": verdict.unknown_to,
    }
    (kind,) = [kind for kind, networks in kinds.items() if is_in(address, networks)]
    return kind


def tencent_row(row: Row, index: int) -> Row:
    first, last = row["ports"]
    source = row["source"]
    field = "Ipv6CidrBlock" if ":" in source else "CidrBlock"
    return {
        "PolicyIndex": index,
        "Action": "ACCEPT" if row["allow"] else "DROP",
        "Protocol": row["protocol"].upper(),
        "Port": "ALL" if row["protocol"] == "all" else f"{first}-{last}",
        **({"AddressTemplate": {"AddressId": source}} if source in LISTS else {field: source}),
    }


@examples(150)
@given(st.lists(rows(), min_size=1, max_size=3))
def test_tencent_tries_its_groups_and_rules_from_the_top(groups: list[list[Row]]) -> None:
    ordered = [
        (f"sg-{position}#{index}", row)
        for position, group in enumerate(groups)
        for index, row in enumerate(group)
    ]
    raw = [
        {
            "SecurityGroupId": f"sg-{position}",
            # The answer's own order says nothing: the index does.
            "Ingress": [tencent_row(row, index) for index, row in enumerate(group)][::-1],
        }
        for position, group in enumerate(groups)
    ]
    compare(RuleSet((tencent_layer(raw),)), ordered)


def aliyun_row(row: Row, name: str) -> Row:
    first, last = row["ports"]
    source = row["source"]
    field = "Ipv6SourceCidrIp" if ":" in source else "SourceCidrIp"
    return {
        "SecurityGroupRuleId": name,
        "Direction": "ingress",
        "Policy": "Accept" if row["allow"] else "Drop",
        "Priority": str(row["order"]),
        "IpProtocol": row["protocol"].upper(),
        "PortRange": "-1/-1" if row["protocol"] == "all" else f"{first}/{last}",
        **({"SourcePrefixListId": source} if source in LISTS else {field: source}),
    }


@examples(150)
@given(st.lists(rows(), min_size=1, max_size=3))
def test_alibaba_pools_its_groups_and_drops_first(groups: list[list[Row]]) -> None:
    named = [
        (f"r{position}-{index}", row)
        for position, group in enumerate(groups)
        for index, row in enumerate(group)
    ]
    # The smaller priority first; of equal ones the one that drops.
    ordered = sorted(named, key=lambda each: (each[1]["order"], each[1]["allow"]))
    raw = [
        {
            "SecurityGroupId": f"sg-{position}",
            "InnerAccessPolicy": "Drop",
            "Permissions": [
                aliyun_row(row, f"r{position}-{index}") for index, row in enumerate(group)
            ],
        }
        for position, group in enumerate(groups)
    ]
    compare(rule_set(raw), ordered)


def aws_row(row: Row) -> Row:
    first, last = row["ports"]
    source = row["source"]
    named = (
        {"PrefixListIds": [{"PrefixListId": source}]}
        if source in LISTS
        else {"Ipv6Ranges": [{"CidrIpv6": source}]}
        if ":" in source
        else {"IpRanges": [{"CidrIp": source}]}
    )
    is_all = row["protocol"] == "all"
    ports = {} if is_all else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": "-1" if is_all else row["protocol"], **ports, **named}


@examples(150)
@given(st.lists(rows(), min_size=1, max_size=3))
def test_the_groups_of_aws_are_a_union(groups: list[list[Row]]) -> None:
    ordered = [
        (f"sg-{position}#{index}", {**row, "allow": True})
        for position, group in enumerate(groups)
        for index, row in enumerate(group)
    ]
    raw = [
        {"GroupId": f"sg-{position}", "IpPermissions": [aws_row(row) for row in group]}
        for position, group in enumerate(groups)
    ]
    compare(RuleSet((group_layer(raw, {}),)), ordered)


REPLY_PORTS = st.sampled_from(
    [
        (1, 65535),
        (1024, 65535),
        (32768, 65535),
        (1024, 32767),
        (443, 443),
        (1, 40000),
        (65535, 65535),
    ]
)


@st.composite
def entries(draw: st.DrawFn) -> list[Row]:
    """Entries of a network ACL: each direction has a number once."""
    numbers = draw(st.lists(st.integers(1, 9), unique=True, max_size=5))
    return [
        {
            "number": number,
            "allow": draw(st.booleans()),
            "protocol": draw(PROTOCOLS),
            "ports": draw(st.one_of(PORTS, REPLY_PORTS)),
            "source": draw(SOURCES.filter(lambda source: source not in LISTS)),
        }
        for number in draw(st.permutations(numbers))
    ]


def acl_row(row: Row, is_out: bool) -> Row:
    first, last = row["ports"]
    protocols = {"tcp": "6", "udp": "17", "all": "-1"}
    field = "Ipv6CidrBlock" if ":" in row["source"] else "CidrBlock"
    ports = {} if row["protocol"] == "all" else {"PortRange": {"From": first, "To": last}}
    return {
        "RuleNumber": row["number"],
        "RuleAction": "allow" if row["allow"] else "deny",
        "Protocol": protocols[row["protocol"]],
        "Egress": is_out,
        field: row["source"],
        **ports,
    }


def client_ports(rows: Iterable[Row]) -> list[int]:
    """Return one port of each part of the client ports that the rules tell apart."""
    edges = {
        1024,
        65535,
        *(port for row in rows for port in (row["ports"][0], row["ports"][1] + 1)),
    }
    return sorted(port for port in edges if 1024 <= port <= 65535)


@examples(150)
@given(rows(), entries(), entries())
def test_the_network_acl_of_aws_filters_both_directions(
    permissions: list[Row], incoming: list[Row], outgoing: list[Row]
) -> None:
    group = {"GroupId": "sg", "IpPermissions": [aws_row(row) for row in permissions]}
    acl = [acl_row(row, False) for row in incoming] + [acl_row(row, True) for row in outgoing]
    rules = RuleSet((group_layer([group], {}), *acl_layers({"Entries": acl})))
    allowing = [(f"sg#{index}", {**row, "allow": True}) for index, row in enumerate(permissions)]
    ins, outs = (
        sorted(((str(row["number"]), row) for row in each), key=lambda pair: pair[1]["number"])
        for each in (incoming, outgoing)
    )
    ports = client_ports(outgoing)
    whole = evaluate(rules, Flow(PORT, NETWORK))
    for address in ADDRESSES:
        groups = {allow for allow, _ in outcomes(allowing, address)}
        ((is_in_allowed, _),) = outcomes(ins, address)
        replies = {allow for port in ports for allow, _ in outcomes(outs, address, port)}
        if groups == {False} or not is_in_allowed or replies == {False}:
            expected = "deny"
        else:
            expected = "allow" if groups == {True} and replies == {True} else "unknown"
        assert evaluate(rules, Flow(PORT, address)).status == expected
        assert place_of(whole, address) == expected


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_judge_itself(address: str) -> None:
    row = {"allow": True, "protocol": "tcp", "ports": (443, 443), "source": "203.0.113.4/31"}
    expected = address in {"203.0.113.4", "203.0.113.5"}
    assert outcomes([("r", row)], address) == [(True, "r") if expected else (False, "default")]
