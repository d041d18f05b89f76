"""What a person can do where Tencent's rules keep a visitor out: commands of `tccli`. Pure.

A new rule comes as late as it can: rules that keep single networks out were made on purpose, and
stay before it.

Sources: Tencent Cloud API, VPC CreateSecurityGroupPolicies: a rule is put before the one with its
index, and after all without an index; Lighthouse CreateFirewallRules, which has no index.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnose.cloud.address_sets import difference, networks
from diagnose.cloud.evaluation import INTERNET4, INTERNET6, Flow, Verdict, evaluate
from diagnose.cloud.openings import opened_sources
from diagnose.cloud.provider import ChangeKind, RuleChange
from diagnose.model.cloud import CloudInstance, PortRange, Rule, RuleSet


def group_changes(
    verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives for the first layer that keeps the flow out, the narrow one first."""
    closed = verdict.closed
    if closed is None:
        return ()
    if closed.layer.kind == "acl":
        texts = [rule.text or rule.id for rule in closed.rules if not rule.allow]
        return (RuleChange("change-acl", subject="; ".join(texts[:3]) or rules.acl),)
    changes = (
        _group_change(kind, source, flow, rules, instance.region)
        for kind, source in opened_sources(flow, visitor)
    )
    return tuple(filter(None, changes))


def firewall_changes(
    verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives for the firewall of a Lighthouse instance.

    The API does not say before which rules a new one comes, so a rule that drops the flow has to
    be taken away first.
    """
    if not any(layer.keeps_out for layer in verdict.layers):
        return ()
    changes: list[RuleChange] = []
    for kind, source in opened_sources(flow, visitor):
        drop, is_default = _obstacle(rules, replace(flow, source=_flow_source(source)))
        if drop is not None:
            changes.append(_removal(drop, flow, instance))
        elif is_default:
            changes.append(_firewall_change(kind, source, flow, instance))
    return tuple(dict.fromkeys(changes))


def _obstacle(rules: RuleSet, flow: Flow) -> tuple[Rule | None, bool]:
    """Return the first rule that drops all of a source, and whether a part of it meets no rule."""
    layer = replace(
        rules, layers=tuple(rule_layer for rule_layer in rules.layers if rule_layer.kind != "acl")
    )
    deciding = [verdict for verdict in evaluate(layer, flow).layers if verdict.keeps_out]
    drops = [
        rule
        for verdict in deciding
        for rule in verdict.rules
        if not rule.allow and not difference(flow.sources, networks(rule.peers, flow.family))
    ]
    first = min(drops, key=lambda rule: rule.order, default=None)
    return first, any("default" in verdict.by for verdict in deciding)


def _flow_source(source: str) -> str:
    """Return the source of the flow that is judged: the internet for every address."""
    return {"0.0.0.0/0": INTERNET4, "::/0": INTERNET6}.get(source, source)


def _fields(source: str, flow: Flow) -> dict[str, str | int]:
    """Return a rule for a source: its port only, and no wider a range."""
    return {
        "Protocol": flow.protocol.upper(),
        "Port": str(flow.port),
        "CidrBlock" if flow.family == 4 else "Ipv6CidrBlock": source,
        "Action": "ACCEPT",
    }


def _description(flow: Flow) -> str:
    return "https" if flow.port == 443 else f"port {flow.port}"


def _group_change(
    kind: ChangeKind, source: str, flow: Flow, rules: RuleSet, region: str
) -> RuleChange | None:
    """Return the rule that lets a source in, None where only single networks are kept out."""
    drop, is_default = _obstacle(rules, replace(flow, source=_flow_source(source)))
    if not rules.groups or (drop is None and not is_default):
        return None
    # Behind all rules of the last group, or just before the rule that drops.
    group_id = drop.group if drop else rules.groups[-1].id
    index = {"PolicyIndex": drop.order[1]} if drop else {}
    rule = _fields(source, flow)
    created = {"Ingress": [{**index, **rule, "PolicyDescription": _description(flow)}]}
    group = ("--SecurityGroupId", group_id, "--SecurityGroupPolicySet")
    return RuleChange(
        kind,
        _tccli("vpc", "CreateSecurityGroupPolicies", region, *group, _json(created)),
        _tccli("vpc", "DeleteSecurityGroupPolicies", region, *group, _json({"Ingress": [rule]})),
        group_id,
    )


def attachment(instance: CloudInstance, group_id: str) -> RuleChange:
    """Return what attaches a group to the interface, behind those that it has."""
    groups = ("--SecurityGroupIds", _json([group_id]))
    service, name, target = (
        ("vpc", "NetworkInterfaceSecurityGroups", "--NetworkInterfaceIds")
        if instance.interface
        else ("cvm", "SecurityGroups", "--InstanceIds")
    )
    targets = (target, _json([instance.interface or instance.id]))
    attach, detach = (
        _tccli(service, f"{verb}{name}", instance.region, *targets, *groups)
        for verb in ("Associate", "Disassociate")
    )
    return RuleChange("attach-group", attach, detach, group_id)


def _firewall_change(
    kind: ChangeKind, source: str, flow: Flow, instance: CloudInstance
) -> RuleChange:
    rule = _fields(source, flow)
    created = _json([{**rule, "FirewallRuleDescription": _description(flow)}])
    target = ("--InstanceId", instance.id, "--FirewallRules")
    return RuleChange(
        kind,
        _tccli("lighthouse", "CreateFirewallRules", instance.region, *target, created),
        _tccli("lighthouse", "DeleteFirewallRules", instance.region, *target, _json([rule])),
        instance.id,
    )


def _removal(rule: Rule, flow: Flow, instance: CloudInstance) -> RuleChange:
    """Return how a rule is taken away: no command for one that closes more than this port."""
    subject = rule.text or rule.id
    is_narrow = rule.protocol == flow.protocol and rule.ports == (PortRange(flow.port, flow.port),)
    if not is_narrow or len(rule.peers) != 1:
        return RuleChange("remove-rule", subject=subject)
    fields = {
        "Protocol": flow.protocol.upper(),
        "Port": str(flow.port),
        "Ipv6CidrBlock" if ":" in rule.peers[0] else "CidrBlock": rule.peers[0],
        "Action": "DROP",
    }
    target = ("--InstanceId", instance.id, "--FirewallRules")
    deleted = _tccli("lighthouse", "DeleteFirewallRules", instance.region, *target, _json([fields]))
    return RuleChange("remove-rule", deleted, subject=subject)


def _tccli(service: str, action: str, region: str, *arguments: str) -> tuple[str, ...]:
    return ("tccli", service, action, "--region", region, *arguments)


def _json(value: Sequence[object] | Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))
