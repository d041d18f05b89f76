"""What a person can do where Tencent's rules keep a visitor out: commands of `tccli`. Pure.

Sources: Tencent Cloud API, VPC CreateSecurityGroupPolicies: the index 0 puts a rule before all
others; Lighthouse CreateFirewallRules, which has no index.
"""

import ipaddress
import json
from collections.abc import Mapping, Sequence

from diagnose.cloud.evaluation import Flow, LayerVerdict, Verdict
from diagnose.cloud.provider import ChangeKind, RuleChange
from diagnose.model.cloud import CloudInstance, PortRange, Rule, RuleSet


def group_changes(
    verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives for the first layer that keeps the flow out, the narrow one first."""
    closed = next(filter(_keeps_out, verdict.layers), None)
    if closed is None:
        return ()
    if closed.layer.kind == "acl":
        texts = [rule.text or rule.id for rule in closed.rules if not rule.allow]
        return (RuleChange("change-acl", subject="; ".join(texts[:3]) or rules.acl),)
    # The first group is asked first: a rule at its top comes before those of all groups.
    return tuple(
        _group_change(kind, source, flow, group.id, instance.region)
        for group in rules.groups[:1]
        for kind, source in _sources(flow, visitor)
    )


def firewall_changes(
    verdict: Verdict, flow: Flow, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives for the firewall of a Lighthouse instance.

    The API does not say before which rules a new one comes, so a rule that drops the flow has to
    be taken away first.
    """
    drops = {
        rule.id: rule
        for each in filter(_keeps_out, verdict.layers)
        for rule in each.rules
        if not rule.allow
    }
    if drops:
        return tuple(_removal(rule, flow, instance) for rule in [*drops.values()][:3])
    return tuple(
        _firewall_change(kind, source, flow, instance) for kind, source in _sources(flow, visitor)
    )


def _keeps_out(layer: LayerVerdict) -> bool:
    return layer.status in {"deny", "partial"}


def _removal(rule: Rule, flow: Flow, instance: CloudInstance) -> RuleChange:
    """Return how a rule is taken away: no command for one that closes more than this port."""
    is_narrow = rule.protocol == flow.protocol and rule.ports == (PortRange(flow.port, flow.port),)
    if not is_narrow or len(rule.peers) != 1:
        return RuleChange("remove-rule", subject=rule.text or rule.id)
    fields = {
        "Protocol": flow.protocol.upper(),
        "Port": str(flow.port),
        "Ipv6CidrBlock" if ":" in rule.peers[0] else "CidrBlock": rule.peers[0],
        "Action": "DROP",
    }
    target = ("--InstanceId", instance.id, "--FirewallRules")
    return RuleChange(
        "remove-rule",
        _tccli("lighthouse", "DeleteFirewallRules", instance.region, *target, _json([fields])),
        subject=rule.text or rule.id,
    )


def _sources(flow: Flow, visitor: str) -> list[tuple[ChangeKind, str]]:
    """Return the networks to open, the narrow one first."""
    everybody: tuple[ChangeKind, str] = ("open-all", "0.0.0.0/0" if flow.family == 4 else "::/0")
    network = _network(visitor, flow)
    return [("open-visitor", network), everybody] if network else [everybody]


def _network(address: str, flow: Flow) -> str:
    """Return an address as a network, "" if it is of another family than the flow."""
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return ""
    return str(network) if network.version == flow.family else ""


def _fields(source: str, flow: Flow, description: str) -> dict[str, str | int]:
    """Return a rule for a source: its port only, and no wider a range."""
    return {
        "Protocol": flow.protocol.upper(),
        "Port": str(flow.port),
        "CidrBlock" if flow.family == 4 else "Ipv6CidrBlock": source,
        "Action": "ACCEPT",
        description: "https" if flow.port == 443 else f"port {flow.port}",
    }


def _group_change(
    kind: ChangeKind, source: str, flow: Flow, group_id: str, region: str
) -> RuleChange:
    rule = _fields(source, flow, "PolicyDescription")
    first = {"Ingress": [{"PolicyIndex": 0, **rule}]}
    del rule["PolicyDescription"]
    group = ("--SecurityGroupId", group_id, "--SecurityGroupPolicySet")
    return RuleChange(
        kind,
        _tccli("vpc", "CreateSecurityGroupPolicies", region, *group, _json(first)),
        _tccli("vpc", "DeleteSecurityGroupPolicies", region, *group, _json({"Ingress": [rule]})),
        group_id,
    )


def _firewall_change(
    kind: ChangeKind, source: str, flow: Flow, instance: CloudInstance
) -> RuleChange:
    rule = _fields(source, flow, "FirewallRuleDescription")
    created = _json([rule])
    del rule["FirewallRuleDescription"]
    target = ("--InstanceId", instance.id, "--FirewallRules")
    return RuleChange(
        kind,
        _tccli("lighthouse", "CreateFirewallRules", instance.region, *target, created),
        _tccli("lighthouse", "DeleteFirewallRules", instance.region, *target, _json([rule])),
        instance.id,
    )


def _tccli(service: str, action: str, region: str, *arguments: str) -> tuple[str, ...]:
    return ("tccli", service, action, "--region", region, *arguments)


def _json(value: Sequence[object] | Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))
