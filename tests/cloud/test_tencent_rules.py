"""Tencent's rules: what the API's documents say, and what no document says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cloud.evaluation import INTERNET6, Flow, Verdict, evaluate
from diagnose.cloud.tencent.acl import acl_layers, unread_acl_layers
from diagnose.cloud.tencent.rules import firewall_layer, group_layer, template_ids
from diagnose.cloud.tencent.templates import (
    Service,
    Templates,
    addresses_of_template,
    port_ranges,
    services_of_template,
)
from diagnose.model.cloud import PortRange, RuleLayer, RuleSet
from tests.support.effort import examples

VISITORS = Flow(443)


def policy(**fields: object) -> dict[str, object]:
    return {"Action": "ACCEPT", "Protocol": "TCP", "Port": "443", **fields}


def verdict_of(*layers: RuleLayer, flow: Flow = VISITORS) -> Verdict:
    return evaluate(RuleSet(layers), flow)


def of_group(*rows: object, flow: Flow = VISITORS) -> Verdict:
    return verdict_of(group_layer([{"SecurityGroupId": "sg-1", "Ingress": list(rows)}]), flow=flow)


def test_a_real_answer_has_every_field_and_most_are_empty() -> None:
    verdict = of_group(
        {
            "PolicyIndex": 0,
            "Protocol": "TCP",
            "Port": "443",
            "ServiceTemplate": {"ServiceId": "", "ServiceGroupId": ""},
            "CidrBlock": "0.0.0.0/0",
            "Ipv6CidrBlock": "",
            "SecurityGroupId": "",
            "AddressTemplate": {"AddressId": "", "AddressGroupId": ""},
            "Action": "ACCEPT",
            "PolicyDescription": "",
            "ModifyTime": "2024-01-01 00:00:00",
            "Priority": 0,
        }
    )
    assert (verdict.status, verdict.by) == ("allow", ("sg-1#0",))


def test_ipv6_has_a_field_of_its_own() -> None:
    row = policy(Ipv6CidrBlock="::/0")
    assert of_group(row, flow=Flow(443, INTERNET6)).status == "allow"
    assert of_group(row).status == "deny"


def test_a_group_as_the_source_opens_nothing_to_the_internet() -> None:
    row = policy(SecurityGroupId="sg-lb")
    assert of_group(row).status == "deny"
    assert of_group(row, flow=Flow(443, "10.0.0.9", source_groups=("sg-lb",))).status == "allow"


def test_members_of_one_group_do_not_reach_each_other_by_themselves() -> None:
    assert of_group(flow=Flow(443, "10.0.0.9", source_groups=("sg-1",))).status == "deny"


def test_an_interface_without_a_group_is_unknown() -> None:
    assert verdict_of(group_layer([])).by == ("no security group is attached",)


@pytest.mark.parametrize(
    "fields",
    [
        {"CidrBlock": "0.0.0.0/0", "Port": "https"},
        {"CidrBlock": "0.0.0.0/0", "Port": "443-"},
        {"CidrBlock": "0.0.0.0/0", "Port": "1,"},
        {"CidrBlock": "0.0.0.0/0", "Port": "1," * 300 + "443"},
        {"CidrBlock": "0.0.0.0/0", "Protocol": "SCTP"},
        {"CidrBlock": "0.0.0.0/0", "Protocol": None},
        {"CidrBlock": "0.0.0.0/0", "Action": "REJECT"},
        {"CidrBlock": "0.0.0.0/0", "ServiceTemplate": {"ServiceId": "ppm-1"}},
        {"CidrBlock": "MY_PUBLIC_IP"},
        {"AddressTemplate": {"AddressGroupId": "ipmg-1"}},
        {},
    ],
)
def test_what_cannot_be_read_is_unknown_and_named(fields: dict[str, object]) -> None:
    verdict = of_group(policy(**fields))
    assert verdict.status == "unknown"
    assert verdict.by == ("sg-1#0",)
    assert of_group(policy(CidrBlock="0.0.0.0/0"), policy(**fields)).status == "allow"


def test_an_unknown_action_may_drop_as_well() -> None:
    allowed_after = policy(CidrBlock="0.0.0.0/0")
    verdict = of_group(policy(CidrBlock="0.0.0.0/0", Action="?"), allowed_after)
    assert verdict.status == "unknown"


def test_a_group_whose_rules_are_missing_is_unread() -> None:
    layer = group_layer([{"SecurityGroupId": "sg-1"}])
    assert layer.unread == "the rules of sg-1"
    assert verdict_of(layer).status == "unknown"
    assert (
        verdict_of(group_layer([{"SecurityGroupId": "sg-1", "Ingress": [7]}])).status == "unknown"
    )
    assert verdict_of(group_layer([None])).status == "unknown"


def test_templates_are_followed() -> None:
    templates = Templates(
        {"ipm-1": ("203.0.113.0/24",)},
        {"ppm-1": (Service("udp", (PortRange(53, 53),)), Service("tcp", (PortRange(443, 443),)))},
    )
    rows = [
        {
            "Action": "ACCEPT",
            "ServiceTemplate": {"ServiceId": "ppm-1"},
            "AddressTemplate": {"AddressId": "ipm-1"},
        }
    ]
    group = {"SecurityGroupId": "sg-1", "Ingress": rows}
    layer = group_layer([group], templates)
    assert verdict_of(layer, flow=Flow(443, "203.0.113.9")).status == "allow"
    assert verdict_of(layer, flow=Flow(443, "198.51.100.9")).status == "deny"
    assert verdict_of(layer, flow=Flow(53, "203.0.113.9")).status == "deny"
    assert template_ids([group], "AddressTemplate") == ("ipm-1",)


def test_members_of_templates() -> None:
    assert addresses_of_template(["10.0.0.1", "10.0.1.0/24", "10.0.0.1-10.0.0.2"]) == (
        "10.0.0.1", "10.0.1.0/24", "10.0.0.1/32", "10.0.0.2/32",
    )  # fmt: skip
    assert addresses_of_template(["10.0.0.1", "example.com"]) is None
    assert addresses_of_template(["10.0.0.9-10.0.0.1"]) is None
    assert addresses_of_template(["10.0.0.9-::1"]) is None
    assert services_of_template(["tcp:80,443", "udp:all", "icmp"]) == (
        Service("tcp", (PortRange(80, 80), PortRange(443, 443))), Service("udp"), Service("icmp"),
    )  # fmt: skip
    assert services_of_template(["tcp:80", "quic:443"]) is None
    assert services_of_template(["tcp:" + "1," * 98 + "443"]) is None


def test_ports() -> None:
    assert port_ranges("ALL") == port_ranges("") == (PortRange(),)
    assert port_ranges("80, 8000-8010") == (PortRange(80, 80), PortRange(8000, 8010))
    assert port_ranges("70000") is None
    assert port_ranges("9-8") is None


def test_lighthouse_tries_its_rules_from_the_top() -> None:
    rows = [policy(Action="DROP", CidrBlock="0.0.0.0/0"), policy(CidrBlock="0.0.0.0/0")]
    assert verdict_of(firewall_layer(rows)).by == ("#0",)
    assert verdict_of(firewall_layer([])).status == "deny"
    assert verdict_of(firewall_layer(None)).status == "unknown"


def test_lighthouse_s_defaults() -> None:
    assert verdict_of(firewall_layer([{"Protocol": "TCP", "Port": "443"}])).status == "allow"
    v6 = firewall_layer([{"Protocol": "TCP", "Port": "443", "Ipv6CidrBlock": "::/0"}])
    assert verdict_of(v6).status == "deny"
    assert verdict_of(v6, flow=Flow(443, INTERNET6)).status == "allow"


ALL_OUT = [{"Protocol": "ALL", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}]


def acl(incoming: list[Any], outgoing: list[Any]) -> tuple[RuleLayer, ...]:
    return acl_layers({"IngressEntries": incoming, "EgressEntries": outgoing})


def test_an_acl_filters_both_directions() -> None:
    accepted = [policy(CidrBlock="0.0.0.0/0", Port="443")]
    assert verdict_of(*acl(accepted, ALL_OUT)).status == "allow"
    assert verdict_of(*acl(accepted, [])).by == ("nacl_out:default",)
    assert verdict_of(*acl([], ALL_OUT)).by == ("nacl_in:default",)
    dropped = [policy(CidrBlock="198.51.100.0/24", Action="DROP", Priority=1), *accepted]
    assert verdict_of(*acl(dropped, ALL_OUT)).status == "partial"


def test_an_acl_s_outbound_port_is_not_guessed() -> None:
    accepted = [policy(CidrBlock="0.0.0.0/0", Port="443")]
    assert verdict_of(*acl(accepted, accepted)).status == "unknown"


def test_an_acl_of_five_tuples() -> None:
    def entry(direction: str, **fields: object) -> dict[str, object]:
        return {
            "Action": "ACCEPT", "Protocol": "TCP", "NetworkAclDirection": direction,
            "SourceCidr": "0.0.0.0/0", "DestinationCidr": "0.0.0.0/0", **fields,
        }  # fmt: skip

    quintuple = {"NetworkAclType": "QUINTUPLE"}
    incoming = entry("INGRESS", SourcePort="all", DestinationPort="443")
    replies = entry("EGRESS", SourcePort="443", DestinationPort="1024-65535")
    swapped = entry("EGRESS", SourcePort="all", DestinationPort="443")
    assert verdict_of(*acl_layers(quintuple, [incoming, replies])).status == "allow"
    assert verdict_of(*acl_layers(quintuple, [incoming, swapped])).by == ("nacl_out:default",)
    other = {**incoming, "DestinationCidr": "10.0.0.20"}
    to_other = Flow(443, destination="10.0.0.9")
    assert verdict_of(*acl_layers(quintuple, [other, replies]), flow=to_other).status == "deny"
    assert verdict_of(*acl_layers(quintuple)).status == "unknown"


def test_an_unread_acl_matters_only_where_the_group_lets_in() -> None:
    allowed = group_layer([{"SecurityGroupId": "sg", "Ingress": [policy(CidrBlock="0.0.0.0/0")]}])
    assert verdict_of(allowed, *unread_acl_layers("ACL")).status == "unknown"
    closed = group_layer([{"SecurityGroupId": "sg", "Ingress": []}])
    assert verdict_of(closed, *unread_acl_layers("ACL")).status == "deny"
    inside = Flow(443, "10.0.0.9", same_subnet=True)
    assert verdict_of(allowed, *unread_acl_layers("ACL"), flow=inside).status == "allow"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "Action", "Protocol", "Port", "CidrBlock", "Ipv6CidrBlock", "SecurityGroupId", "Priority",
        "PolicyIndex", "AddressTemplate", "ServiceTemplate", "NetworkAclDirection", "SourceCidr",
    ]
)  # fmt: skip
ROWS = st.lists(st.dictionaries(FIELDS, JSON | st.just("ACCEPT") | st.just("443")) | JSON)


@examples(40)
@given(ROWS)
def test_any_json_is_read(rows: list[Any]) -> None:
    layers = (
        group_layer([{"SecurityGroupId": "sg-1", "Ingress": rows}]),
        firewall_layer(rows),
        *acl_layers({"IngressEntries": rows, "EgressEntries": rows}),
        *acl_layers({"NetworkAclType": "QUINTUPLE"}, rows),
    )
    assert verdict_of(*layers).status in {"deny", "unknown", "partial", "allow"}


@examples(40)
@given(JSON)
def test_any_json_is_a_group(group: Any) -> None:
    assert verdict_of(group_layer([group])).status in {"unknown", "deny", "allow"}
