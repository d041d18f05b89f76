"""Rules of EC2: security groups that only allow, and network ACLs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cloud.aws.rules import (
    acl_layers,
    group_layer,
    prefix_list_ids,
    unread_acl_layers,
)
from diagnose.cloud.evaluation import INTERNET6, Flow, Verdict, evaluate
from diagnose.model.cloud import RuleLayer, RuleSet
from tests.support.effort import examples

VISITORS = Flow(443)
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
ANY4 = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def verdict_of(*layers: RuleLayer, flow: Flow = VISITORS) -> Verdict:
    return evaluate(RuleSet(layers), flow)


def group(*permissions: object, group_id: str = "sg-a") -> dict[str, object]:
    return {"GroupId": group_id, "IpPermissions": list(permissions)}


def layer(*permissions: object, **lists: tuple[str, ...]) -> RuleLayer:
    return group_layer([group(*permissions)], {f"pl-{name}": each for name, each in lists.items()})


def test_sources_of_one_permission_count_together() -> None:
    both = {**HTTPS, **ANY4, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    assert verdict_of(layer(both)).status == "allow"
    assert verdict_of(layer(both), flow=Flow(443, INTERNET6)).status == "allow"
    peer = {**HTTPS, "UserIdGroupPairs": [{"GroupId": "sg-lb"}]}
    assert verdict_of(layer(peer), flow=Flow(443, "10.0.0.9", source_groups=("sg-lb",))).by == (
        "sg-a#0",
    )
    assert verdict_of(layer(peer)).status == "deny"


def test_a_prefix_list() -> None:
    row = {**HTTPS, "PrefixListIds": [{"PrefixListId": "pl-office"}]}
    assert verdict_of(layer(row)).status == "unknown"
    assert verdict_of(layer(row, office=("203.0.113.0/24",))).open_to == ("203.0.113.0/24",)
    assert prefix_list_ids([group(row, row)]) == ("pl-office",)
    open_to_all = {**row, **ANY4}
    assert verdict_of(layer(open_to_all)).status == "allow"


@pytest.mark.parametrize(
    "row",
    [
        {"IpProtocol": "tcp", **ANY4},
        {"IpProtocol": "tcp", "FromPort": 444, "ToPort": 443, **ANY4},
        {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 70000, **ANY4},
        {**HTTPS, "IpRanges": [{"CidrIp": "nonsense"}]},
        {**HTTPS, "IpRanges": [{}]},
    ],
)
def test_what_cannot_be_read_is_unknown(row: dict[str, object]) -> None:
    assert verdict_of(layer(row)).status == "unknown"
    assert verdict_of(layer(row, {**HTTPS, **ANY4})).status == "allow"


def test_protocol_numbers() -> None:
    assert verdict_of(layer({**HTTPS, "IpProtocol": "6", **ANY4})).status == "allow"
    assert verdict_of(layer({"IpProtocol": "50", **ANY4})).status == "deny"
    assert verdict_of(
        layer({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, **ANY4})
    ).status == ("deny")


def test_groups_that_are_not_there_are_unread() -> None:
    assert verdict_of(group_layer([{"GroupId": "sg-a"}], {})).status == "unknown"
    assert verdict_of(group_layer([], {})).status == "unknown"
    assert verdict_of(layer(7)).status == "unknown"


def entry(number: int, action: str = "allow", /, **fields: Any) -> dict[str, object]:
    return {
        "RuleNumber": number, "RuleAction": action, "Protocol": "-1", "Egress": False,
        "CidrBlock": "0.0.0.0/0", **fields,
    }  # fmt: skip


LAST = entry(32767, "deny")
OUT = entry(100, Egress=True)


def acl(*entries: object) -> tuple[RuleLayer, ...]:
    return acl_layers({"Entries": list(entries)})


def test_an_acl_takes_the_lowest_number_whatever_the_list_s_order() -> None:
    https = {"Protocol": "6", "PortRange": {"From": 443, "To": 443}}
    assert verdict_of(*acl(LAST, entry(100), entry(90, "deny", **https), OUT)).by == ("nacl_in:90",)
    assert verdict_of(*acl(entry(100), LAST, OUT)).status == "allow"
    assert verdict_of(*acl(LAST, OUT)).by == ("nacl_in:32767",)
    assert verdict_of(*acl(entry(100))).by == ("nacl_out:default",)


def test_replies_to_a_part_of_the_clients_only() -> None:
    some: dict[str, Any] = {
        "Protocol": "6",
        "PortRange": {"From": 32768, "To": 65535},
        "Egress": True,
    }
    assert verdict_of(*acl(entry(100), entry(100, **some))).status == "unknown"
    most = {**some, "PortRange": {"From": 1024, "To": 65535}}
    assert verdict_of(*acl(entry(100), entry(100, **most))).status == "allow"


def test_an_acl_of_ipv6() -> None:
    v6: dict[str, Any] = {"CidrBlock": None, "Ipv6CidrBlock": "::/0"}
    layers = acl(entry(100, **v6), entry(100, **v6, Egress=True), LAST, OUT)
    assert verdict_of(*layers, flow=Flow(443, INTERNET6)).status == "allow"
    assert verdict_of(*layers).status == "deny"


def test_an_entry_that_cannot_be_read() -> None:
    assert verdict_of(*acl(entry(90, "?"), entry(100), OUT)).status == "unknown"
    assert verdict_of(*acl(entry(90, CidrBlock="?"), LAST, OUT)).status == "unknown"
    assert verdict_of(*acl(entry(90, Protocol="6"), LAST, OUT)).status == "unknown"
    assert verdict_of(*acl(7, entry(100), OUT)).status == "allow"
    assert verdict_of(*acl_layers({}), flow=VISITORS).status == "unknown"


def test_nothing_is_filtered_inside_a_subnet() -> None:
    inside = Flow(443, "10.0.0.9", same_subnet=True)
    assert verdict_of(*unread_acl_layers("?"), flow=inside).status == "allow"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "GroupId", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "IpRanges", "CidrIp",
        "PrefixListIds", "PrefixListId", "RuleNumber", "RuleAction", "PortRange", "Egress",
    ]
)  # fmt: skip


@examples(40)
@given(st.lists(st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON))) | JSON))
def test_any_answer_is_read(rows: list[Any]) -> None:
    groups = [{"GroupId": "sg-a", "IpPermissions": rows}, *rows]
    layers = (group_layer(groups, {}), *acl_layers({"Entries": rows}))
    assert verdict_of(*layers).status in {"deny", "unknown", "partial", "allow"}
    assert all(isinstance(prefix_list_id, str) for prefix_list_id in prefix_list_ids(groups))
