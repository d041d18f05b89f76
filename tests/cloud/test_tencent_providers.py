"""Tencent's two services: which machine, which rules, and what to do."""

import asyncio
import json
from typing import Any

import pytest

from diagnose.cloud.evaluation import INTERNET6, Flow, Verdict, evaluate
from diagnose.cloud.provider import ApiError, Credentials, Dmi, Provider, Remedy
from diagnose.cloud.tencent.cvm import TencentCvm
from diagnose.cloud.tencent.lighthouse import TencentLighthouse
from diagnose.cloud.tencent.metadata import BASE
from diagnose.model.cloud import CloudInstance, RuleSet
from tests.support.fake_metadata import FakeMetadata
from tests.support.fake_tencent import KEY_ID, SECRET, FakeTencent

CVM, LIGHTHOUSE = TencentCvm(), TencentLighthouse()
KEY = Credentials(KEY_ID, SECRET, "a test", region="ap-guangzhou")
VISITORS = Flow(443)
HTTPS = {"Protocol": "TCP", "Port": "443", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}


def server() -> CloudInstance:
    return CloudInstance("tencent-cvm", "ap-guangzhou", "ins-1a2b3c4d", private_address="10.0.0.9")


def account() -> FakeTencent:
    """An account with a server that has two interfaces, in a subnet without an ACL."""
    fake = FakeTencent()
    fake.rows["cvm:DescribeInstances"] = [
        {
            "InstanceId": "ins-1a2b3c4d",
            "PrivateIpAddresses": ["10.0.0.9"],
            "PublicIpAddresses": ["203.0.113.9"],
            "IPv6Addresses": None,
            "SecurityGroupIds": ["sg-2", "sg-1"],
            "VirtualPrivateCloud": {"VpcId": "vpc-1", "SubnetId": "subnet-1"},
        }
    ]
    fake.rows["vpc:DescribeNetworkInterfaces"] = [
        interface("eni-0", "10.0.0.8", ["sg-other"], Primary=True),
        interface("eni-1", "10.0.0.9", ["sg-2", "sg-1"], Primary=False),
    ]
    fake.rows["vpc:DescribeSubnets"] = [{"SubnetId": "subnet-1", "NetworkAclId": ""}]
    fake.policies = {
        "sg-1": {"Version": "7", "Ingress": [{"PolicyIndex": 0, **HTTPS}], "Egress": []},
        "sg-2": {"Version": "7", "Ingress": [], "Egress": []},
        "sg-other": {"Version": "7", "Ingress": [], "Egress": []},
    }
    return fake


def interface(name: str, address: str, groups: list[str], **fields: object) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": name,
        "VpcId": "vpc-1",
        "SubnetId": "subnet-1",
        "GroupSet": groups,
        "PrivateIpAddressSet": [
            {"PrivateIpAddress": address, "PublicIpAddress": address.replace("10.0.0", "203.0.113")}
        ],
        "Attachment": {"InstanceId": "ins-1a2b3c4d"},
        **fields,
    }


def fetch(fake: FakeTencent) -> tuple[CloudInstance, RuleSet]:
    return asyncio.run(CVM.fetch(server(), KEY, fake))


def verdict_of(fake: FakeTencent, flow: Flow = VISITORS) -> Verdict:
    return evaluate(fetch(fake)[1], flow)


@pytest.mark.parametrize("provider", [CVM, LIGHTHOUSE])
def test_the_firmware(provider: Provider) -> None:
    assert provider.is_on(Dmi(sys_vendor="Tencent Cloud", product_name="CVM"))
    assert not provider.is_on(Dmi(sys_vendor="QEMU"))
    assert not provider.is_on(Dmi(sys_vendor="Alibaba Cloud"))
    assert all(":Describe" in action for action in provider.actions)


def metadata(instance_id: str = "ins-1a2b3c4d", **items: str) -> FakeMetadata:
    values = {
        "instance-id": instance_id,
        "placement/region": "ap-guangzhou",
        "local-ipv4": "10.0.0.9",
        "public-ipv4": "203.0.113.9",
        **items,
    }
    return FakeMetadata(BASE, values)


def test_the_metadata_say_which_instance_it_is() -> None:
    service = metadata()
    instance = asyncio.run(CVM.detect(service))
    assert instance == CloudInstance(
        "tencent-cvm", "ap-guangzhou", "ins-1a2b3c4d", "", "10.0.0.9", ("203.0.113.9",)
    )
    assert all(url.startswith("http://169.254.0.23/latest/meta-data/") for url in service.urls)
    assert not any("security-credentials" in url for url in service.urls)
    light = asyncio.run(CVM.detect(metadata("lhins-1a2b3c4d")))
    assert light is not None
    fake = account()
    with pytest.raises(ApiError) as caught:
        asyncio.run(CVM.fetch(light, KEY, fake))
    assert (caught.value.kind, fake.calls) == ("missing", [])


@pytest.mark.parametrize("answer", ["<html>router</html>", "i-0123456789abcdef0", "", "x" * 9999])
def test_another_answer_at_that_address_is_no_instance(answer: str) -> None:
    assert asyncio.run(CVM.detect(metadata(answer))) is None


def test_metadata_that_are_off_are_not_another_cloud() -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(CVM.detect(FakeMetadata(BASE, {}, is_off=True)))
    assert caught.value.kind == "timeout"


def test_odd_metadata_are_left_out() -> None:
    odd = metadata(**{"placement/region": "$(reboot)", "public-ipv4": "", "local-ipv4": "<html>"})
    assert asyncio.run(CVM.detect(odd)) == CloudInstance("tencent-cvm", "", "ins-1a2b3c4d")


def role(**fields: object) -> FakeMetadata:
    document = {
        "Code": "Success", "TmpSecretId": "AKIDrole", "TmpSecretKey": "canaryrole",
        "Token": "canarytoken", "ExpiredTime": 1, **fields,
    }  # fmt: skip
    roles = "cam/security-credentials/"
    return metadata(**{roles: "web\n", f"{roles}web": json.dumps(document)})


def test_the_role_of_the_instance() -> None:
    key = asyncio.run(CVM.role_credentials(role()))
    assert key is not None
    assert (key.key_id, key.token, key.source) == ("AKIDrole", "canarytoken", "role web")
    assert key.region == "ap-guangzhou"
    assert asyncio.run(CVM.role_credentials(role(Code="Failed"))) is None
    assert asyncio.run(LIGHTHOUSE.role_credentials(metadata())) is None


def test_the_rules_of_the_interface_that_has_the_address() -> None:
    instance, rules = fetch(account())
    assert (instance.interface, instance.network) == ("eni-1", "vpc-1")
    assert instance.groups == ("sg-2", "sg-1")
    assert instance.public_addresses == ("203.0.113.9",)
    assert [group.id for group in rules.groups] == ["sg-2", "sg-1"]
    assert evaluate(rules, VISITORS).by == ("sg-1#0",)


def test_without_the_right_to_read_interfaces_the_instance_s_groups_count() -> None:
    fake = account()
    fake.denied = {"vpc:DescribeNetworkInterfaces"}
    instance, rules = fetch(fake)
    assert instance.groups == ("sg-2", "sg-1")
    assert instance.private_address == "10.0.0.9"
    assert evaluate(rules, VISITORS).status == "allow"


def test_rules_that_may_not_be_read_name_the_permission() -> None:
    fake = account()
    fake.denied = {"vpc:DescribeSecurityGroupPolicies"}
    with pytest.raises(ApiError) as caught:
        fetch(fake)
    assert caught.value.kind == "forbidden"
    assert caught.value.allow[0] == "vpc:DescribeSecurityGroupPolicies"
    assert sorted(caught.value.allow) == list(CVM.actions)


def test_an_instance_that_the_account_does_not_have() -> None:
    fake = FakeTencent()
    with pytest.raises(ApiError) as caught:
        fetch(fake)
    assert caught.value.kind == "missing"


def test_a_region_is_needed() -> None:
    nowhere = Credentials(KEY_ID, SECRET, "a test")
    for provider in (CVM, LIGHTHOUSE):
        with pytest.raises(ApiError) as caught:
            asyncio.run(provider.locate("203.0.113.9", nowhere, account()))
        assert (caught.value.kind, caught.value.code) == ("missing", "no-region")


def with_acl(**fields: object) -> FakeTencent:
    fake = account()
    fake.rows["vpc:DescribeSubnets"] = [{"SubnetId": "subnet-1", "NetworkAclId": "acl-1"}]
    fake.rows["vpc:DescribeNetworkAcls"] = [
        {"NetworkAclId": "acl-1", "NetworkAclType": "TRIPLE", **fields}
    ]
    return fake


ALL = {"Protocol": "ALL", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}


def test_a_network_acl() -> None:
    assert verdict_of(with_acl(IngressEntries=[ALL], EgressEntries=[ALL])).status == "allow"
    closed = with_acl(IngressEntries=[ALL], EgressEntries=[])
    assert verdict_of(closed).by == ("nacl_out:default",)
    assert fetch(closed)[1].acl == "acl-1"


def test_a_network_acl_of_five_tuples_is_read_by_pages() -> None:
    fake = with_acl(NetworkAclType="QUINTUPLE")
    entry = {
        "Action": "ACCEPT", "Protocol": "ALL", "SourceCidr": "0.0.0.0/0",
        "DestinationCidr": "0.0.0.0/0", "SourcePort": "all", "DestinationPort": "all",
        "NetworkAclId": "acl-1",
    }  # fmt: skip
    useless = {
        **entry,
        "Action": "DROP",
        "SourceCidr": "10.9.0.0/16",
        "DestinationCidr": "10.9.0.0/16",
    }
    fake.rows["vpc:DescribeNetworkAclQuintupleEntries"] = [
        {**each, "NetworkAclDirection": direction, "Priority": number}
        for direction in ("INGRESS", "EGRESS")
        for number, each in enumerate([*[useless] * 70, entry], 1)
    ]
    fake.page_limit = 20
    assert verdict_of(fake).status == "allow"


@pytest.mark.parametrize("action", ["vpc:DescribeSubnets", "vpc:DescribeNetworkAcls"])
def test_an_acl_that_may_not_be_read_is_unknown(action: str) -> None:
    fake = with_acl(IngressEntries=[], EgressEntries=[])
    fake.denied = {action}
    verdict = verdict_of(fake)
    assert verdict.status == "unknown"
    assert action in verdict.by[0]


def test_a_subnet_that_is_not_there_is_unknown() -> None:
    fake = account()
    fake.rows["vpc:DescribeSubnets"] = []
    assert verdict_of(fake).status == "unknown"


def templated(row: dict[str, Any]) -> FakeTencent:
    fake = account()
    fake.policies["sg-1"]["Ingress"] = [{"PolicyIndex": 0, "Action": "ACCEPT", **row}]
    fake.rows["vpc:DescribeAddressTemplates"] = [
        {"AddressTemplateId": "ipm-1", "AddressSet": ["203.0.113.0/24"]},
        {"AddressTemplateId": "ipm-2", "AddressSet": ["198.51.100.1-198.51.100.9"]},
    ]
    fake.rows["vpc:DescribeAddressTemplateGroups"] = [
        {"AddressTemplateGroupId": "ipmg-1", "AddressTemplateIdSet": ["ipm-1", "ipm-2"]}
    ]
    fake.rows["vpc:DescribeServiceTemplates"] = [
        {"ServiceTemplateId": "ppm-1", "ServiceSet": ["tcp:443", "udp:443"]}
    ]
    return fake


def test_templates_are_read() -> None:
    row = {
        "AddressTemplate": {"AddressId": "", "AddressGroupId": "ipmg-1"},
        "ServiceTemplate": {"ServiceId": "ppm-1", "ServiceGroupId": ""},
    }
    assert verdict_of(templated(row), Flow(443, "198.51.100.5")).status == "allow"
    assert verdict_of(templated(row), Flow(443, "198.51.100.10")).status == "deny"
    denied = templated(row)
    denied.denied = {"vpc:DescribeAddressTemplates"}
    assert verdict_of(denied, Flow(443, "198.51.100.5")).status == "unknown"


def test_the_instance_is_located_by_its_public_address() -> None:
    instance = asyncio.run(CVM.locate("203.0.113.9", KEY, account()))
    assert instance is not None
    assert (instance.id, instance.source, instance.region) == (
        "ins-1a2b3c4d", "api", "ap-guangzhou",
    )  # fmt: skip
    assert asyncio.run(CVM.locate("203.0.113.1", KEY, account())) is None


def test_an_address_of_a_second_interface_is_found_by_the_interface() -> None:
    fake = account()
    fake.rows["cvm:DescribeInstances"][0]["PublicIpAddresses"] = ["203.0.113.8"]
    instance = asyncio.run(CVM.locate("203.0.113.9", KEY, fake))
    assert instance is not None
    instance, _ = asyncio.run(CVM.fetch(instance, KEY, fake))
    assert (instance.id, instance.interface) == ("ins-1a2b3c4d", "eni-1")
    fake.denied = {"vpc:DescribeNetworkInterfaces"}
    with pytest.raises(ApiError) as caught:
        asyncio.run(CVM.locate("203.0.113.9", KEY, fake))
    assert caught.value.kind == "forbidden"


def test_an_answer_that_ignores_the_filter_is_not_believed() -> None:
    fake = account()
    fake.rows["cvm:DescribeInstances"][0]["Tags"] = ["203.0.113.1"]
    assert asyncio.run(CVM.locate("203.0.113.1", KEY, fake)) is None


def test_an_ipv6_address_in_another_spelling() -> None:
    fake = account()
    row = fake.rows["cvm:DescribeInstances"][0]
    row["IPv6Addresses"] = ["2001:db8:0:0::9"]
    row["Tags"] = ["2001:db8::9"]
    assert asyncio.run(CVM.locate("2001:db8::9", KEY, fake)) is not None


def test_groups_that_could_be_attached() -> None:
    fake = account()
    fake.rows["vpc:DescribeSecurityGroups"] = [
        {"SecurityGroupId": "sg-1", "SecurityGroupName": "web"},
        {"SecurityGroupId": "sg-2", "SecurityGroupName": "ssh"},
        {"SecurityGroupId": "sg-other", "SecurityGroupName": "open"},
    ]
    fake.policies["sg-other"]["Ingress"] = [{"PolicyIndex": 0, **HTTPS}]
    instance, _ = fetch(fake)
    (group,) = asyncio.run(CVM.other_groups(instance, KEY, fake))
    assert (group.id, group.name, len(group.rules)) == ("sg-other", "open", 1)


def test_a_group_is_attached_to_the_interface() -> None:
    instance, _ = fetch(account())
    (change,) = CVM.attachment(instance, "sg-other").changes
    assert change.argv == (
        "tccli", "vpc", "AssociateNetworkInterfaceSecurityGroups", "--region", "ap-guangzhou",
        "--NetworkInterfaceIds", '["eni-1"]', "--SecurityGroupIds", '["sg-other"]',
    )  # fmt: skip
    assert change.undo[2] == "DisassociateNetworkInterfaceSecurityGroups"
    (change,) = CVM.attachment(server(), "sg-other").changes
    assert change.argv[1:3] == ("cvm", "AssociateSecurityGroups")
    assert LIGHTHOUSE.attachment(instance, "sg-other").changes == ()


def light(*rows: dict[str, str]) -> FakeTencent:
    fake = FakeTencent()
    fake.rows["lighthouse:DescribeFirewallRules"] = list(rows)
    fake.rows["lighthouse:DescribeInstances"] = [
        {
            "InstanceId": "lhins-1",
            "PrivateAddresses": ["10.0.0.9"],
            "PublicAddresses": ["203.0.113.9"],
            "PublicIpv6Addresses": ["2001:db8::9"],
        }
    ]
    return fake


def light_rules(fake: FakeTencent) -> tuple[CloudInstance, RuleSet]:
    instance = asyncio.run(LIGHTHOUSE.locate("203.0.113.9", KEY, fake))
    assert instance is not None
    return asyncio.run(LIGHTHOUSE.fetch(instance, KEY, fake))


def test_lighthouse_has_more_rules_than_a_page() -> None:
    others = [{**HTTPS, "Port": str(port)} for port in range(1000, 1099)]
    instance, rules = light_rules(light(*others, HTTPS))
    assert evaluate(rules, VISITORS).by == ("#99",)
    assert instance.id == "lhins-1"
    assert rules.groups == ()


def test_lighthouse_behind_the_id_of_a_cvm_is_known_by_its_private_address() -> None:
    instance, rules = asyncio.run(LIGHTHOUSE.fetch(server(), KEY, light(HTTPS)))
    assert (instance.id, instance.source) == ("lhins-1", "metadata")
    assert evaluate(rules, VISITORS).status == "allow"
    with pytest.raises(ApiError) as caught:
        asyncio.run(LIGHTHOUSE.fetch(server(), KEY, account()))
    assert caught.value.kind == "missing"


def test_lighthouse_is_located_by_ipv6() -> None:
    instance = asyncio.run(LIGHTHOUSE.locate("2001:db8:0::9", KEY, light()))
    assert instance is not None
    assert asyncio.run(LIGHTHOUSE.locate("203.0.113.1", KEY, light())) is None


def remedy(fake: FakeTencent, flow: Flow = VISITORS, visitor: str = "") -> Remedy:
    instance, rules = fetch(fake)
    return CVM.remedy(evaluate(rules, flow), flow, rules, instance, visitor)


def commands(of_remedy: Remedy) -> str:
    return "\n".join(" ".join(change.argv) for change in of_remedy.changes)


def closed_account() -> FakeTencent:
    fake = account()
    fake.policies["sg-1"]["Ingress"] = [{"PolicyIndex": 0, **HTTPS, "Port": "22"}]
    return fake


def test_a_closed_port_is_opened_behind_all_rules() -> None:
    (change,) = remedy(closed_account()).changes
    assert change.kind == "open-all"
    assert change.argv[:7] == (
        "tccli", "vpc", "CreateSecurityGroupPolicies", "--region", "ap-guangzhou",
        "--SecurityGroupId", "sg-1",
    )  # fmt: skip
    assert json.loads(change.argv[-1]) == {"Ingress": [{**HTTPS, "PolicyDescription": "https"}]}
    assert change.undo[2] == "DeleteSecurityGroupPolicies"
    assert json.loads(change.undo[-1]) == {"Ingress": [HTTPS]}


def apply(fake: FakeTencent, argv: tuple[str, ...]) -> None:
    """Do what the command does: before the rule with the index, or behind all."""
    assert argv[2] == "CreateSecurityGroupPolicies"
    (rule,) = json.loads(argv[-1])["Ingress"]
    rows = fake.policies[argv[6]]["Ingress"]
    rows.insert(rule.pop("PolicyIndex", len(rows)), rule)
    for index, row in enumerate(rows):
        row["PolicyIndex"] = index


BLOCKED = {**HTTPS, "CidrBlock": "198.51.100.0/24", "Action": "DROP"}
DROP_ALL = {**HTTPS, "Port": "ALL", "Protocol": "ALL", "Action": "DROP"}
OFFICE = {**HTTPS, "CidrBlock": "203.0.113.0/24"}


@pytest.mark.parametrize(
    ("first", "second", "closed_to"),
    [
        ([], [], []),
        ([OFFICE], [BLOCKED], ["198.51.100.0/24"]),
        ([OFFICE, DROP_ALL], [HTTPS], []),
        ([BLOCKED, OFFICE, DROP_ALL], [HTTPS], ["198.51.100.0/24"]),
        ([BLOCKED], [DROP_ALL], ["198.51.100.0/24"]),
        ([{**HTTPS, "Port": "22"}], [OFFICE], []),
    ],
)
def test_the_remedy_opens_the_port_and_nothing_that_was_kept_out_by_itself(
    first: list[dict[str, str]], second: list[dict[str, str]], closed_to: list[str]
) -> None:
    def fresh() -> FakeTencent:
        fake = account()
        for group, rows in (("sg-2", first), ("sg-1", second)):
            fake.policies[group]["Ingress"] = [
                {**row, "PolicyIndex": index} for index, row in enumerate(rows)
            ]
        return fake

    fake = fresh()
    narrow, wide = remedy(fake, visitor="198.51.100.7").changes
    apply(fake, wide.argv)
    assert list(verdict_of(fake).closed_to) == closed_to
    fake = fresh()
    before = verdict_of(fake, Flow(443, "198.51.100.8")).status
    apply(fake, narrow.argv)
    assert verdict_of(fake, Flow(443, "198.51.100.7")).status == "allow"
    assert verdict_of(fake, Flow(443, "198.51.100.8")).status == before


def test_a_network_that_is_kept_out_by_itself_is_let_in_only_for_the_visitor() -> None:
    fake = account()
    fake.policies["sg-1"]["Ingress"] = [
        {**BLOCKED, "PolicyIndex": 0},
        {**HTTPS, "PolicyIndex": 1},
    ]
    assert remedy(fake).changes == ()
    (change,) = remedy(fake, visitor="198.51.100.7").changes
    assert change.kind == "open-visitor"


def test_the_narrow_change_comes_first() -> None:
    changes = remedy(closed_account(), visitor="198.51.100.7").changes
    assert [change.kind for change in changes] == ["open-visitor", "open-all"]
    assert "198.51.100.7/32" in changes[0].argv[-1]
    assert "0.0.0.0/0" not in changes[0].argv[-1]


def test_the_other_family_is_opened_in_its_own_field() -> None:
    changed = remedy(closed_account(), Flow(443, INTERNET6), visitor="198.51.100.7")
    assert '"Ipv6CidrBlock":"::/0"' in commands(changed)
    assert "198.51.100.7" not in commands(changed)
    assert "0.0.0.0" not in commands(changed)


def test_the_remedy_of_an_acl_is_no_command_of_a_group() -> None:
    drop = {**ALL, "Action": "DROP"}
    changed = remedy(with_acl(IngressEntries=[drop], EgressEntries=[ALL]))
    assert [change.kind for change in changed.changes] == ["change-acl"]
    assert changed.changes[0].subject == "DROP ALL 0.0.0.0/0"
    assert commands(changed) == ""
    assert changed.url == "https://console.cloud.tencent.com/vpc/acl"


def test_an_open_port_needs_no_change() -> None:
    assert remedy(account()).changes == ()


def light_remedy(*rows: dict[str, str], visitor: str = "") -> Remedy:
    instance, rules = light_rules(light(*rows))
    verdict = evaluate(rules, VISITORS)
    return LIGHTHOUSE.remedy(verdict, VISITORS, rules, instance, visitor)


def test_lighthouse_speaks_of_its_firewall_only() -> None:
    changed = light_remedy(visitor="198.51.100.7")
    assert [change.kind for change in changed.changes] == ["open-visitor", "open-all"]
    assert commands(changed).count("tccli lighthouse CreateFirewallRules") == 2
    assert "SecurityGroup" not in commands(changed)
    assert json.loads(changed.changes[1].argv[-1]) == [
        {**HTTPS, "FirewallRuleDescription": "https"}
    ]
    assert json.loads(changed.changes[1].undo[-1]) == [HTTPS]


def test_lighthouse_s_own_drop_is_named() -> None:
    (change,) = light_remedy({**HTTPS, "Action": "DROP"}, HTTPS).changes
    assert change.kind == "remove-rule"
    assert "DeleteFirewallRules" in change.argv
    assert json.loads(change.argv[-1]) == [{**HTTPS, "Action": "DROP"}]


def test_lighthouse_keeps_out_a_network_on_purpose() -> None:
    assert light_remedy(BLOCKED, HTTPS).changes == ()
    (change,) = light_remedy(BLOCKED, HTTPS, visitor="198.51.100.7").changes
    assert change.subject == "DROP TCP 443 198.51.100.0/24"


def test_a_drop_of_more_than_the_port_is_not_taken_away_by_a_command() -> None:
    (change,) = light_remedy({**HTTPS, "Port": "22,443", "Action": "DROP"}, HTTPS).changes
    assert (change.argv, change.subject) == ((), "DROP TCP 22,443 0.0.0.0/0")


def test_every_provider_is_one() -> None:
    providers: list[Provider] = [CVM, LIGHTHOUSE]
    assert [provider.name for provider in providers] == ["tencent-cvm", "tencent-lighthouse"]
