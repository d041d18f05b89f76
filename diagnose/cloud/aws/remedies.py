"""What a person can do where EC2's rules keep a visitor out: commands of `aws`. Pure.

Source: AWS CLI Command Reference, `authorize-security-group-ingress`.
"""

from urllib.parse import quote

from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.openings import opened_sources
from diagnose.cloud.provider import ChangeKind, RuleChange
from diagnose.model.cloud import CloudInstance, RuleSet

#: The console's domain, by the beginning of a region.
_DOMAINS = (("cn-", "amazonaws.cn"), ("us-gov-", "amazonaws-us-gov.com"))


def group_changes(
    verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
) -> tuple[RuleChange, ...]:
    """Return the alternatives for the first layer that keeps the flow out, the narrow one first.

    Security groups have no rules that deny: one more rule lets in, in whichever group it is.
    """
    closed = verdict.closed
    if closed is None:
        return ()
    if closed.layer.kind == "acl":
        texts = [rule.text or rule.id for rule in closed.rules if not rule.allow]
        return (RuleChange("change-acl", subject="; ".join(texts[:3]) or rules.acl),)
    return tuple(
        _opening(kind, source, flow, group.id, instance.region)
        for group in rules.groups[:1]
        for kind, source in opened_sources(flow, visitor)
    )


def attachment(instance: CloudInstance, group_id: str) -> RuleChange:
    """Return what attaches a group to the interface. The command replaces all groups, so those that
    are there are named again."""
    target = ("modify-network-interface-attribute", "--network-interface-id", instance.interface)
    if not instance.interface:
        target = ("modify-instance-attribute", "--instance-id", instance.id)
    command = ("aws", "ec2", target[0], "--region", instance.region, *target[1:], "--groups")
    return RuleChange(
        "attach-group",
        (*command, *instance.groups, group_id),
        (*command, *instance.groups),
        group_id,
    )


def is_by_acl(verdict: Verdict) -> bool:
    """Whether the first layer that keeps the flow out is a network ACL."""
    closed = verdict.closed
    return closed is not None and closed.layer.kind == "acl"


def groups_url(instance: CloudInstance) -> str:
    """Return the console's page of the first group, or of all groups."""
    group = next(iter(instance.groups), "")
    page = f"SecurityGroup:groupId={quote(group, safe='')}" if group else "SecurityGroups:"
    return f"{_console(instance, 'ec2')}#{page}"


def acl_url(instance: CloudInstance, acl: str) -> str:
    """Return the console's page of a network ACL."""
    page = f"NetworkAclDetails:networkAclId={quote(acl, safe='')}"
    return f"{_console(instance, 'vpcconsole')}#{page}"


def _console(instance: CloudInstance, service: str) -> str:
    region = quote(instance.region, safe="")
    own = (domain for prefix, domain in _DOMAINS if region.startswith(prefix))
    domain = next(own, "aws.amazon.com")
    return f"https://console.{domain}/{service}/home?region={region}"


def _opening(kind: ChangeKind, source: str, flow: Flow, group_id: str, region: str) -> RuleChange:
    """Return a rule for the port only. The option --cidr takes IPv4 alone."""
    ports = f"IpProtocol={flow.protocol},FromPort={flow.port},ToPort={flow.port}"
    ranges = f"IpRanges=[{{CidrIp={source}}}]"
    if flow.family == 6:
        ranges = f"Ipv6Ranges=[{{CidrIpv6={source}}}]"
    rule = ("--region", region, "--group-id", group_id, "--ip-permissions", f"{ports},{ranges}")
    return RuleChange(
        kind,
        ("aws", "ec2", "authorize-security-group-ingress", *rule),
        ("aws", "ec2", "revoke-security-group-ingress", *rule),
        group_id,
    )
