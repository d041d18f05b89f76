"""Reads Alibaba Cloud's rules: security groups, network ACLs and the firewall of a Simple
Application Server.

Source: the documents of DescribeSecurityGroupAttribute, DescribeNetworkAclAttributes and
ListFirewallRules, and "Security group rules".
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from diagnose.cloud import fields
from diagnose.model.cloud import ALL_PORTS, ANY_ADDRESS, PortRange, Rule, RuleLayer, RuleSet

#: A list's id, and its entries. An id that is not there could not be read.
Lists = Mapping[str, tuple[str, ...]]
NO_LISTS: Lists = MappingProxyType({})

_DROP_FIRST, _ACCEPT_SECOND = 0, 1
#: A priority is at least 1: what is allowed inside a group comes before every rule of its own.
_BEFORE_ALL = (0, 0)


def rule_set(
    groups: Iterable[Mapping[str, Any]],
    acl: Mapping[str, Any] | None = None,
    prefix_lists: Lists = NO_LISTS,
    port_lists: Lists = NO_LISTS,
) -> RuleSet:
    """Return the rules of an instance's security groups and of its vSwitch's network ACL.

    `groups` are answers of DescribeSecurityGroupAttribute with the list of Permissions; all are
    sorted together. Without an ACL, the subnet filters nothing.
    """
    rules = tuple(
        rule for group in groups for rule in _group_rules(group, prefix_lists, port_lists)
    )
    layer = RuleLayer("group", rules=rules[: fields.MAX_RULES])
    return RuleSet((layer, *(_acl_layers(acl) if acl is not None else ())))


def _group_rules(
    group: Mapping[str, Any], prefix_lists: Lists, port_lists: Lists
) -> Iterator[Rule]:
    group_id = fields.text(group.get("SecurityGroupId"))
    is_normal = fields.text(group.get("SecurityGroupType")).lower() in {"", "normal"}
    if is_normal and fields.text(group.get("InnerAccessPolicy")).lower() == "accept":
        # Members of a basic group reach each other whatever its rules say.
        yield Rule(
            f"inner_access:{group_id}", True, _BEFORE_ALL, peer_groups=(group_id,), group=group_id
        )
    for position, permission in enumerate(_permissions(group)):
        if fields.text(permission.get("Direction")).lower() != "egress":
            yield _group_rule(permission, group_id, position, prefix_lists, port_lists)


def _permissions(group: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the permissions: the API nests the list once more."""
    nested = fields.items(group, "Permissions", "Permission")
    return nested or fields.items(group, "Permissions")


def _group_rule(
    permission: Mapping[str, Any],
    group_id: str,
    position: int,
    prefix_lists: Lists,
    port_lists: Lists,
) -> Rule:
    allow = fields.text(permission.get("Policy")).lower() == "accept"
    ports, unread_ports = _ports(permission, port_lists)
    peers, unread_peers = _sources(permission, prefix_lists)
    return Rule(
        fields.text(permission.get("SecurityGroupRuleId")) or f"{group_id}#{position}",
        allow,
        (
            fields.number(permission.get("Priority"), 1),
            _ACCEPT_SECOND if allow else _DROP_FIRST,
        ),
        fields.protocol(permission.get("IpProtocol")),
        ports,
        _client_ports(permission),
        peers,
        _source_groups(permission),
        _named_networks(permission, "DestCidrIp", "Ipv6DestCidrIp"),
        unread_ports or unread_peers,
        group_id,
        _permission_text(permission),
    )


def _permission_text(permission: Mapping[str, Any]) -> str:
    """Return a rule in the words of Alibaba's console: "Drop 1 TCP 443/443 0.0.0.0/0"."""
    keys = (
        "Policy", "Priority", "IpProtocol", "PortRange", "PortRangeListId", "SourceCidrIp",
        "Ipv6SourceCidrIp", "SourceGroupId", "SourcePrefixListId",
    )  # fmt: skip
    return " ".join(word for word in (fields.text(permission.get(key)) for key in keys) if word)


def _named_networks(values: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    return tuple(filter(None, (fields.network(values.get(key)) for key in keys)))


def _sources(permission: Mapping[str, Any], prefix_lists: Lists) -> tuple[tuple[str, ...], str]:
    """Return the networks of a rule's source, and what of it could not be read. A prefix list
    counts only where no other source is named."""
    named = _named_networks(permission, "SourceCidrIp", "Ipv6SourceCidrIp")
    list_id = fields.text(permission.get("SourcePrefixListId"))
    if named:
        return named, ""
    if unread := _unread_source(permission):
        return ANY_ADDRESS, f"source {unread!r}"
    if permission.get("SourceGroupId") or not list_id:
        return (), ""
    entries = prefix_lists.get(list_id)
    return (ANY_ADDRESS, f"prefix list {list_id}") if entries is None else (entries, "")


def _unread_source(permission: Mapping[str, Any]) -> str:
    """Return a source that is written and no network."""
    keys = ("SourceCidrIp", "Ipv6SourceCidrIp")
    return next(filter(None, (fields.text(permission.get(key)) for key in keys)), "")


def _source_groups(permission: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the group that is a rule's source. A network beside it counts alone."""
    group_id = fields.text(permission.get("SourceGroupId"))
    has_network = _named_networks(permission, "SourceCidrIp", "Ipv6SourceCidrIp")
    return (group_id,) if group_id and not has_network else ()


def _ports(permission: Mapping[str, Any], port_lists: Lists) -> tuple[tuple[PortRange, ...], str]:
    """Return the ports of a rule, and what of them could not be read."""
    written = fields.text(permission.get("PortRange"))
    list_id = fields.text(permission.get("PortRangeListId"))
    if written or not list_id:
        ports = fields.port_range(written)
        return ((ports,), "") if ports else (ALL_PORTS, f"port range {written!r}")
    entries = port_lists.get(list_id)
    if entries is None:
        return ALL_PORTS, f"port list {list_id}"
    return tuple(ports for ports in map(fields.port_range, entries) if ports), ""


def _client_ports(permission: Mapping[str, Any]) -> tuple[PortRange, ...]:
    ports = fields.port_range(permission.get("SourcePortRange"))
    return (ports,) if ports else ALL_PORTS


def _acl_layers(acl: Mapping[str, Any]) -> tuple[RuleLayer, RuleLayer]:
    """Return the network ACL's layers: entries apply in the order of the list; what none matches
    is dropped; traffic inside the vSwitch is not filtered."""
    incoming, outgoing = (
        tuple(
            _acl_rule(entry, position, address_key)
            for position, entry in enumerate(_entries(acl, kind))
        )
        for kind, address_key in (("Ingress", "SourceCidrIp"), ("Egress", "DestinationCidrIp"))
    )
    return (
        RuleLayer("acl", "nacl_in", incoming, "in", skips_same_subnet=True),
        RuleLayer("acl", "nacl_out", outgoing, "out", skips_same_subnet=True),
    )


def acl_unread(name: str) -> tuple[RuleLayer, ...]:
    """Return the layer of an ACL that could not be read."""
    return (RuleLayer("acl", "nacl", skips_same_subnet=True, unread=f"network ACL {name}"),)


def _entries(acl: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    nested = fields.items(acl, f"{kind}AclEntries", f"{kind}AclEntry")
    return nested or fields.items(acl, f"{kind}AclEntries")


def _acl_rule(entry: Mapping[str, Any], position: int, address_key: str) -> Rule:
    ports = fields.port_range(entry.get("Port"))
    peer = fields.network(entry.get(address_key))
    words = (fields.text(entry.get(key)) for key in ("Policy", "Protocol", "Port", address_key))
    return Rule(
        fields.text(entry.get("NetworkAclEntryId")) or f"#{position}",
        fields.text(entry.get("Policy")).lower() == "accept",
        (position,),
        fields.protocol(entry.get("Protocol")),
        (ports,) if ports else ALL_PORTS,
        peers=(peer,) if peer else ANY_ADDRESS,
        unread="" if ports and peer else "network ACL entry",
        text=" ".join(word for word in words if word),
    )


def firewall_rule_set(rules: Iterable[Mapping[str, Any]]) -> RuleSet:
    """Return the firewall of a Simple Application Server (ListFirewallRules). A rule that drops
    comes before one that accepts; all else is closed."""
    parsed = (rule for position, row in enumerate(rules) for rule in _firewall_rules(row, position))
    return RuleSet((RuleLayer("firewall", rules=tuple(parsed)[: fields.MAX_RULES]),))


def _firewall_rules(rule: Mapping[str, Any], position: int) -> Iterator[Rule]:
    allow = fields.text(rule.get("Policy")).lower() in {"", "accept"}
    ports = fields.port_range(rule.get("Port"))
    # An older answer has no source: such a rule is for all of IPv4.
    written = fields.text(rule.get("SourceCidrIp")) or "0.0.0.0/0"
    peer = fields.network(written)
    rule_id = fields.text(rule.get("RuleId")) or f"#{position}"
    protocols = fields.text(rule.get("RuleProtocol"))
    for name in protocols.split("+")[:2]:
        yield Rule(
            rule_id,
            allow,
            (_ACCEPT_SECOND if allow else _DROP_FIRST,),
            fields.protocol(name),
            (ports,) if ports else ALL_PORTS,
            peers=(peer,) if peer else ANY_ADDRESS,
            unread="" if ports and peer else "firewall rule",
            text=f"{'accept' if allow else 'drop'} {protocols} {fields.text(rule.get('Port'))} "
            f"{written}",
        )
