"""What lets a flow in at Alibaba Cloud: commands of the `aliyun` program, and pages of the console.

The flat form of AuthorizeSecurityGroup is used: every version of the program takes it. NicType
stands there because its default is "internet", which a VPC does not have.
"""

import json
from urllib.parse import quote

from diagnose.cloud.address_sets import difference, networks
from diagnose.cloud.evaluation import Flow, LayerVerdict, Verdict
from diagnose.cloud.openings import EVERYBODY, opened_sources
from diagnose.cloud.provider import ChangeKind, RuleChange
from diagnose.model.cloud import CloudInstance, Rule, RuleSet

#: The priorities that a rule may have; the smaller comes first, and of equal ones the one that
#: drops.
_FIRST, _LAST = 1, 100


def group_url(instance: CloudInstance) -> str:
    return f"https://ecs.console.aliyun.com/securityGroup/region/{_quoted(instance.region)}"


def acl_url(instance: CloudInstance, acl_id: str) -> str:
    region = _quoted(instance.region)
    return f"https://vpc.console.aliyun.com/nacl/{region}/nacls/{_quoted(acl_id)}"


def firewall_url(instance: CloudInstance) -> str:
    region, instance_id = _quoted(instance.region), _quoted(instance.id)
    return f"https://swas.console.aliyun.com/#/servers/{region}/{instance_id}/firewall"


def _quoted(text: str) -> str:
    return quote(text, safe="")


def is_by_group(verdict: Verdict) -> bool:
    """Whether a security group keeps the flow out, and not the network ACL alone."""
    return any(layer.keeps_out for layer in verdict.layers if layer.layer.kind == "group")


def group_changes(
    verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives, the narrow one first."""
    for layer in verdict.layers:
        if not layer.keeps_out:
            continue
        if layer.layer.kind == "acl":
            return (RuleChange("change-acl", subject=_acl_subject(layer)),)
        return _group_changes(layer, flow, rules, instance, visitor)
    return ()


def _acl_subject(layer: LayerVerdict) -> str:
    texts = [rule.text or rule.id for rule in layer.rules if not rule.allow]
    return "; ".join(texts[:3])


def _group_changes(
    layer: LayerVerdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    drops = [rule for rule in layer.rules if not rule.allow and _is_for_all(rule, flow)]
    outranking = [rule for rule in drops if rule.order and rule.order[0] <= _FIRST]
    managed = {group.id: group.managed_by for group in rules.groups if group.managed_by}
    if outranking:
        return _removals(outranking, instance, managed)
    own = [group.id for group in rules.groups if not group.managed_by]
    if not own:
        return tuple(
            RuleChange("ask-owner", subject=owner) for owner in dict.fromkeys(managed.values())
        )
    priority = _priority(drops, layer, flow)
    return tuple(
        _opening(group_id, source, kind, flow, instance, priority)
        for group_id in own[:1]
        for kind, source in opened_sources(flow, visitor)
        # Where single networks are kept out on purpose and the others get in, only the visitor is
        # let in.
        if kind == "open-visitor" or "default" in layer.by or _keeps_everybody_out(drops, flow)
    )


def _is_for_all(rule: Rule, flow: Flow) -> bool:
    """Whether a rule is about all of the flow's source."""
    return not difference(flow.sources, networks(rule.peers, flow.family))


def _keeps_everybody_out(drops: list[Rule], flow: Flow) -> bool:
    return any(EVERYBODY[flow.family] in rule.peers for rule in drops)


def _removals(
    rules: list[Rule], instance: CloudInstance, managed: dict[str, str]
) -> tuple[RuleChange, ...]:
    """Return the commands that take away rules which nothing can come before."""
    return tuple(
        RuleChange("ask-owner", subject=managed[rule.group])
        if rule.group in managed
        else _removal(
            rule,
            "aliyun", "ecs", "RevokeSecurityGroup", "--RegionId", instance.region,
            "--SecurityGroupId", rule.group, "--SecurityGroupRuleId.1", rule.id,
        )
        for rule in rules[:3]
    )  # fmt: skip


def _removal(rule: Rule, *argv: str) -> RuleChange:
    """Return the removal of a rule: without a command if the API gave it no id, so that its
    position stands in the place of one."""
    has_id = "#" not in rule.id
    return RuleChange("remove-rule", argv if has_id else (), subject=rule.text or rule.id)


def _priority(drops: list[Rule], layer: LayerVerdict, flow: Flow) -> int:
    """Return the priority of a rule that lets in: just before what keeps out.

    Rules that keep out single networks stay before it: they were made on purpose.
    """
    if drops:
        return max(_FIRST, min(rule.order[0] for rule in drops) - 1)
    other_rules = [
        rule
        for rule in layer.layer.rules
        if not rule.allow and rule.protocol in {"all", flow.protocol} and _covers(rule, flow.port)
    ]
    return _LAST if other_rules else _FIRST


def _covers(rule: Rule, port: int) -> bool:
    return any(ports.first <= port <= ports.last for ports in rule.ports)


def _opening(
    group_id: str, source: str, kind: ChangeKind, flow: Flow, instance: CloudInstance, priority: int
) -> RuleChange:
    name = "--Ipv6SourceCidrIp" if ":" in source else "--SourceCidrIp"
    rule = (
        "--RegionId", instance.region, "--SecurityGroupId", group_id,
        "--IpProtocol", flow.protocol, "--PortRange", f"{flow.port}/{flow.port}",
        name, source, "--Policy", "accept", "--Priority", str(priority), "--NicType", "intranet",
    )  # fmt: skip
    return RuleChange(
        kind,
        ("aliyun", "ecs", "AuthorizeSecurityGroup", *rule, "--Description", "https"),
        ("aliyun", "ecs", "RevokeSecurityGroup", *rule),
        group_id,
    )


def attachment(instance: CloudInstance, group_id: str) -> RuleChange:
    """Return the commands that put the instance's interface into a security group, and out of
    it."""
    place_arguments = (
        "--RegionId", instance.region, "--SecurityGroupId", group_id,
        "--NetworkInterfaceId", instance.interface,
    )  # fmt: skip
    return RuleChange(
        "attach-group",
        ("aliyun", "ecs", "JoinSecurityGroup", *place_arguments),
        ("aliyun", "ecs", "LeaveSecurityGroup", *place_arguments),
        group_id,
    )


def firewall_changes(
    verdict: Verdict, flow: Flow, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives for the firewall of a Simple Application Server."""
    drops = [rule for layer in verdict.layers for rule in layer.rules if not rule.allow]
    if drops:
        return tuple(
            _removal(
                rule,
                "aliyun", "swas-open", "DeleteFirewallRule", "--RegionId", instance.region,
                "--InstanceId", instance.id, "--RuleId", rule.id,
            )
            for rule in drops[:3]
        )  # fmt: skip
    place_arguments = ("--RegionId", instance.region, "--InstanceId", instance.id)
    protocol, port = flow.protocol.upper(), str(flow.port)
    return tuple(
        RuleChange(
            kind,
            _limited_rule(place_arguments, protocol, port, source)
            if kind == "open-visitor"
            else (
                "aliyun", "swas-open", "CreateFirewallRule", *place_arguments,
                "--RuleProtocol", protocol, "--Port", port,
            ),
            subject=instance.id,
        )
        for kind, source in opened_sources(flow, visitor)
        if ":" not in source
    )  # fmt: skip


def _limited_rule(place: tuple[str, ...], protocol: str, port: str, source: str) -> tuple[str, ...]:
    """Return the command for a rule with a source: only the call for several rules takes one."""
    rules = [{"RuleProtocol": protocol, "Port": port, "SourceCidrIp": source}]
    return (
        "aliyun", "swas-open", "CreateFirewallRules", *place,
        "--FirewallRules", json.dumps(rules, separators=(",", ":")),
    )  # fmt: skip
