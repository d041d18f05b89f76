"""What tests of the layer `cloud` see: rules in Alibaba Cloud's own shape, and silent ports."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diagnose.cloud.aliyun.rules import firewall_rule_set, rule_set
from diagnose.model.cloud import CloudInstance, CloudMachine, CloudRules, RuleSet, SecurityGroup
from diagnose.model.tcp import Connection
from tests.support.check_evidence import TIMEOUT
from tests.support.server_tcp_evidence import ADDRESS
from tests.support.tcp_evidence import attempt

INSTANCE = CloudInstance(
    "aliyun-ecs", "cn-hangzhou", "i-example", "eni-1", "172.16.0.10", (ADDRESS,),
    "api", "vpc-1", ("sg-web",),
)  # fmt: skip


def silent(address: str = ADDRESS) -> tuple[Connection, Connection]:
    """Two attempts without an answer, with enough time between them."""
    again = attempt(address, purpose="again", failure=TIMEOUT, took=4.0)
    return attempt(address, failure=TIMEOUT, took=4.0), replace(again, at=4.0)


def group_rules(
    *rules: Mapping[str, Any],
    acl: Mapping[str, Any] | None = None,
    others: tuple[SecurityGroup, ...] = (),
    owner: str = "",
    instance: CloudInstance = INSTANCE,
) -> CloudRules:
    """The rules of one security group, and of an ACL."""
    layers = rule_set([{"SecurityGroupId": "sg-web", "Permissions": rules}], acl).layers
    groups = (SecurityGroup("sg-web", "web", owner),)
    return CloudRules(
        title="Alibaba Cloud ECS",
        instance=instance,
        rules=RuleSet(layers, groups, "nacl-1" if acl is not None else ""),
        others=others,
        credentials="a test",
    )


def other_group(name: str, *rules: Mapping[str, Any]) -> SecurityGroup:
    layers = rule_set([{"SecurityGroupId": name, "Permissions": rules}]).layers
    return SecurityGroup(name, "https", rules=layers[0].rules)


def firewall_rules(*rules: Mapping[str, Any]) -> CloudRules:
    """The rules of a Simple Application Server."""
    instance = replace(INSTANCE, provider="aliyun-swas", id="swas-1", groups=())
    return CloudRules(
        title="Alibaba Cloud Simple Application Server",
        instance=instance,
        rules=firewall_rule_set(rules),
    )


def cloud_machine(**more: Any) -> CloudMachine:
    instance = replace(INSTANCE, public_addresses=(), source="metadata", **more)
    return CloudMachine(title="Alibaba Cloud", metadata="answered", instance=instance)
