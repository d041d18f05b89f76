"""The checks of the layer `cloud` with rules of Tencent Cloud and of AWS: the remedy has the
provider's own command."""

import json
from dataclasses import replace
from typing import Any

import pytest

from diagnose.cloud.aws.rules import acl_layers, group_layer
from diagnose.cloud.tencent.rules import firewall_layer
from diagnose.cloud.tencent.rules import group_layer as tencent_layer
from diagnose.model import Claim, Command, Manual
from diagnose.model.cloud import CloudInstance, CloudRules, RuleSet, SecurityGroup
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import silent
from tests.support.server_tcp_evidence import ADDRESS

HTTPS = {"Protocol": "TCP", "Port": "443", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}
DROP_ALL = {**HTTPS, "Protocol": "ALL", "Port": "ALL", "Action": "DROP"}
CVM = CloudInstance(
    "tencent-cvm", "ap-guangzhou", "ins-1a2b3c4d", "eni-1", "10.0.0.9", (ADDRESS,), "api",
    "vpc-1", ("sg-1",),
)  # fmt: skip
LIGHTHOUSE = replace(CVM, provider="tencent-lighthouse", id="lhins-1a2b3c4d", groups=())
EC2 = replace(CVM, provider="aws-ec2", region="eu-west-1", id="i-0123456789abcdef0")


def observed(instance: CloudInstance, *layers: Any, **fields: Any) -> CloudRules:
    groups = tuple(map(SecurityGroup, instance.groups))
    rules = RuleSet(layers, groups, fields.pop("acl", ""))
    return CloudRules(title="a cloud", instance=instance, rules=rules, **fields)


def tencent(*rows: dict[str, Any]) -> Any:
    indexed = [{"PolicyIndex": index, **row} for index, row in enumerate(rows)]
    return tencent_layer([{"SecurityGroupId": "sg-1", "Ingress": indexed}])


def aws(*permissions: dict[str, Any]) -> Any:
    return group_layer([{"GroupId": "sg-1", "IpPermissions": list(permissions)}], {})


def argvs(claim: Claim) -> list[tuple[str, ...]]:
    """Return the commands of the remedy."""
    assert claim.fix is not None
    steps = [step for step in claim.fix.steps if isinstance(step, Manual)]
    return [
        command.argv for step in steps for command in step.commands if isinstance(command, Command)
    ]


def test_tencent_s_groups_do_not_open_the_port() -> None:
    rules = observed(CVM, tencent({**HTTPS, "Port": "80"}))
    (claim,) = judge("cloud.security-group-closed", rules, *silent())
    assert argvs(claim)[0][:3] == ("tccli", "vpc", "CreateSecurityGroupPolicies")


def test_tencent_s_rule_drops_the_port() -> None:
    rules = observed(CVM, tencent(DROP_ALL, HTTPS))
    (claim,) = judge("cloud.security-group-denies", rules, *silent())
    assert claim.facts["rules"] == ("`DROP ALL ALL 0.0.0.0/0`",)
    (rule,) = json.loads(argvs(claim)[0][-1])["Ingress"]
    assert rule["PolicyIndex"] == 0
    assert judge("cloud.security-group-closed", rules, *silent()) == []


def test_tencent_s_group_is_not_attached() -> None:
    other = SecurityGroup("sg-2", "https", rules=tencent(HTTPS).rules)
    rules = observed(CVM, tencent(), others=(other,))
    (claim,) = judge("cloud.security-group-detached", rules, *silent())
    assert "AssociateNetworkInterfaceSecurityGroups" in argvs(claim)[0]


def test_lighthouse_has_a_firewall() -> None:
    rules = observed(LIGHTHOUSE, firewall_layer([{**HTTPS, "Port": "80"}]))
    (claim,) = judge("cloud.instance-firewall-closed", rules, *silent())
    assert argvs(claim)[0][:3] == ("tccli", "lighthouse", "CreateFirewallRules")
    assert judge("cloud.security-group-closed", rules, *silent()) == []


def test_the_groups_of_aws_do_not_open_the_port() -> None:
    (claim,) = judge("cloud.security-group-closed", observed(EC2, aws()), *silent())
    assert argvs(claim)[0][:3] == ("aws", "ec2", "authorize-security-group-ingress")


def test_the_acl_of_aws_denies_the_replies() -> None:
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    allowed = {**https, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    entry = {"RuleNumber": 100, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
    last = {**entry, "RuleNumber": 32767, "RuleAction": "deny", "Egress": True}
    acl = acl_layers({"Entries": [{**entry, "Egress": False}, last]})
    rules = observed(EC2, aws(allowed), *acl, acl="acl-1")
    (claim,) = judge("cloud.network-acl-denies", rules, *silent())
    assert argvs(claim) == []


@pytest.mark.parametrize("instance", [CVM, LIGHTHOUSE, EC2])
def test_rules_that_were_not_read_are_no_cause(instance: CloudInstance) -> None:
    layer = replace(tencent(), unread="the rules of sg-1")
    for name in ("security-group-closed", "security-group-denies", "instance-firewall-closed"):
        assert judge(f"cloud.{name}", observed(instance, layer), *silent()) == []
