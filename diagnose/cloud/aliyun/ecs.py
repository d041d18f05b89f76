"""Alibaba Cloud Elastic Compute Service (ECS): security groups and network ACLs."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from diagnose.cloud import fields
from diagnose.cloud.aliyun import remedies
from diagnose.cloud.aliyun.account import AliyunAccount
from diagnose.cloud.aliyun.api import AliyunApi, policy_action
from diagnose.cloud.aliyun.rules import Lists, acl_unread, rule_set
from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.provider import ApiError, Client, Credentials, Remedy
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup

ACTIONS = (
    "DescribeInstances",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroupAttribute",
    "DescribeSecurityGroups",
    "DescribePrefixListAttributes",
    "DescribePortRangeListEntries",
    "DescribeVSwitchAttributes",
    "DescribeNetworkAclAttributes",
)
#: More groups that are not attached are not read: each is a call.
MAX_OTHER_GROUPS = 10
_MAX_GROUPS = 20
_MAX_LISTS = 20


class AliyunEcs(AliyunAccount):
    name = "aliyun-ecs"
    title = "Alibaba Cloud ECS"
    actions = tuple(policy_action(action) for action in ACTIONS)

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        api = self._api(credentials.region, credentials, client)
        for parameters in _address_filters(address):
            answer = await api.call("DescribeInstances", **parameters)
            for instance in fields.items(answer, "Instances", "Instance"):
                addresses = _instance_addresses(instance)
                if address in addresses:
                    return _instance(instance, addresses, self.name, api.region)
        return None

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        api = self._api(instance.region, credentials, client)
        interfaces = await api.pages(
            "DescribeNetworkInterfaces",
            "NetworkInterfaceSets",
            "NetworkInterfaceSet",
            InstanceId=instance.id,
            MaxResults="100",
        )
        if not interfaces:
            raise ApiError("missing", instance.id, action=policy_action(ACTIONS[1]))
        interface = _chosen_interface(interfaces, instance)
        group_ids = fields.texts(interface, "SecurityGroupIds", "SecurityGroupId")[:_MAX_GROUPS]
        groups, details, (acl_id, acl) = await asyncio.gather(
            asyncio.gather(*(_group(api, group_id) for group_id in group_ids)),
            _group_details(api, group_ids),
            _network_acl(api, fields.text(interface.get("VSwitchId"))),
        )
        described = [{**group, **_type(details, group)} for group in groups]
        prefix_lists, port_lists = await _lists(api, described)
        rules = rule_set(described, acl, prefix_lists, port_lists)
        if acl is None and acl_id:
            rules = replace(rules, layers=(*rules.layers, *acl_unread(acl_id)))
        attached = tuple(_security_group(group_id, details) for group_id in group_ids)
        return (
            _with_interface(instance, interface),
            replace(rules, groups=attached, acl=acl_id if acl is not None else ""),
        )

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        api = self._api(instance.region, credentials, client)
        if not instance.network:
            return ()
        answers = await api.pages(
            "DescribeSecurityGroups",
            "SecurityGroups",
            "SecurityGroup",
            VpcId=instance.network,
            MaxResults="100",
        )
        ids = [fields.text(answer.get("SecurityGroupId")) for answer in answers]
        chosen = [group_id for group_id in ids if group_id and group_id not in instance.groups][
            :MAX_OTHER_GROUPS
        ]
        groups = await asyncio.gather(*(_group(api, group_id) for group_id in chosen))
        details = {fields.text(answer.get("SecurityGroupId")): answer for answer in answers}
        return tuple(
            replace(
                _security_group(group_id, details),
                rules=rule_set([{**group, "InnerAccessPolicy": "Drop"}]).layers[0].rules,
            )
            for group_id, group in zip(chosen, groups, strict=True)
        )

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        return Remedy(
            remedies.group_changes(verdict, flow, rules, instance, visitor),
            self.console_url(instance)
            if remedies.is_by_group(verdict)
            else remedies.acl_url(instance, rules.acl),
        )

    def attachment(self, instance: CloudInstance, group_id: str) -> Remedy:
        return Remedy((remedies.attachment(instance, group_id),), self.console_url(instance))

    def shown_command(self, instance: CloudInstance) -> tuple[str, ...]:
        return (
            "aliyun", "ecs", "DescribeSecurityGroupAttribute", "--RegionId", instance.region,
            "--SecurityGroupId", next(iter(instance.groups), "sg-…"), "--Direction", "ingress",
        )  # fmt: skip

    def console_url(self, instance: CloudInstance) -> str:
        return remedies.group_url(instance)


def _address_filters(address: str) -> tuple[dict[str, str], ...]:
    """Return the parameters that ask for the instance with an address: its own, or an EIP."""
    if ":" in address:
        return ({"Ipv6Address.1": address},)
    written = json.dumps([address])
    return {"PublicIpAddresses": written}, {"EipAddresses": written}


def _instance_addresses(instance: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the public addresses of an instance, and those of IPv6."""
    written = (
        *fields.texts(instance, "PublicIpAddress", "IpAddress"),
        fields.text(fields.member(instance, "EipAddress", "IpAddress")),
        *(
            fields.text(item.get("Ipv6Address"))
            for interface in fields.items(instance, "NetworkInterfaces", "NetworkInterface")
            for item in fields.items(interface, "Ipv6Sets", "Ipv6Set")
        ),
    )
    return tuple(dict.fromkeys(filter(None, map(fields.network, written))))


def _instance(
    instance: Mapping[str, Any], addresses: tuple[str, ...], provider: str, region: str
) -> CloudInstance:
    private = fields.texts(instance, "VpcAttributes", "PrivateIpAddress", "IpAddress")
    return CloudInstance(
        provider,
        fields.text(instance.get("RegionId")) or region,
        fields.text(instance.get("InstanceId")),
        "",
        next(filter(None, map(fields.network, private)), ""),
        addresses,
        "api",
    )


def _chosen_interface(
    interfaces: list[Mapping[str, Any]], instance: CloudInstance
) -> Mapping[str, Any]:
    """Return the interface with the address asked about, else the primary one. Each interface has
    groups of its own."""
    instance_addresses = {instance.private_address, *instance.public_addresses} - {""}

    def rank(interface: Mapping[str, Any]) -> tuple[bool, bool]:
        addresses = set(_interface_addresses(interface))
        return not addresses & instance_addresses, fields.text(
            interface.get("Type")
        ).lower() != "primary"

    return min(interfaces, key=rank)


def _interface_addresses(interface: Mapping[str, Any]) -> Iterable[str]:
    yield fields.text(interface.get("PrivateIpAddress"))
    yield from _public_addresses(interface)
    for address in fields.items(interface, "PrivateIpSets", "PrivateIpSet"):
        yield fields.text(address.get("PrivateIpAddress"))


def _public_addresses(interface: Mapping[str, Any]) -> Iterable[str]:
    yield fields.text(fields.member(interface, "AssociatedPublicIp", "PublicIpAddress"))
    for address in fields.items(interface, "PrivateIpSets", "PrivateIpSet"):
        yield fields.text(fields.member(address, "AssociatedPublicIp", "PublicIpAddress"))
    for address in fields.items(interface, "Ipv6Sets", "Ipv6Set"):
        yield fields.text(address.get("Ipv6Address"))


def _with_interface(instance: CloudInstance, interface: Mapping[str, Any]) -> CloudInstance:
    public = (*instance.public_addresses, *_public_addresses(interface))
    return replace(
        instance,
        interface=fields.text(interface.get("NetworkInterfaceId")),
        private_address=fields.network(interface.get("PrivateIpAddress"))
        or instance.private_address,
        public_addresses=tuple(dict.fromkeys(filter(None, map(fields.network, public)))),
        network=fields.text(interface.get("VpcId")),
        groups=fields.texts(interface, "SecurityGroupIds", "SecurityGroupId")[:_MAX_GROUPS],
    )


async def _group(api: AliyunApi, group_id: str) -> Mapping[str, Any]:
    """Return a group with all its rules. The first page has the group's own fields."""
    parameters = {
        "SecurityGroupId": group_id,
        "Direction": "ingress",
        "NicType": "intranet",
        "MaxResults": "1000",
    }
    head = await api.call("DescribeSecurityGroupAttribute", **parameters)
    permissions = fields.items(head, "Permissions", "Permission")
    if token := fields.text(fields.member(head, "NextToken")):
        permissions += await api.pages(
            "DescribeSecurityGroupAttribute",
            "Permissions",
            "Permission",
            **parameters,
            NextToken=token,
        )
    return {**head, "SecurityGroupId": group_id, "Permissions": permissions}


async def _group_details(
    api: AliyunApi, group_ids: tuple[str, ...]
) -> Mapping[str, Mapping[str, Any]]:
    """Return the type and the owner of groups; nothing where they may not be read."""
    try:
        answers = await api.pages(
            "DescribeSecurityGroups",
            "SecurityGroups",
            "SecurityGroup",
            SecurityGroupIds=json.dumps(list(group_ids)),
            MaxResults="100",
        )
    except ApiError:
        return {}
    return {fields.text(answer.get("SecurityGroupId")): answer for answer in answers}


def _type(details: Mapping[str, Mapping[str, Any]], group: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = details.get(fields.text(group.get("SecurityGroupId")), {})
    return {key: answer[key] for key in ("SecurityGroupType",) if key in answer}


def _security_group(group_id: str, details: Mapping[str, Mapping[str, Any]]) -> SecurityGroup:
    answer = details.get(group_id, {})
    managed = answer.get("ServiceManaged") is True
    owner = fields.text(answer.get("ServiceID")) or "Alibaba Cloud"
    return SecurityGroup(
        group_id, fields.text(answer.get("SecurityGroupName")), owner if managed else ""
    )


async def _network_acl(api: AliyunApi, switch_id: str) -> tuple[str, Mapping[str, Any] | None]:
    """Return the id of the vSwitch's ACL and the ACL: ("", None) if it has none, and an id without
    an ACL if it could not be read."""
    if not switch_id:
        return "", None
    try:
        switch = await api.call("DescribeVSwitchAttributes", VSwitchId=switch_id)
    except ApiError:
        return switch_id, None
    acl_id = fields.text(switch.get("NetworkAclId"))
    if not acl_id:
        return "", None
    try:
        answer = await api.call("DescribeNetworkAclAttributes", NetworkAclId=acl_id)
    except ApiError:
        return acl_id, None
    acl = fields.member(answer, "NetworkAclAttribute")
    return acl_id, acl if isinstance(acl, Mapping) else None


async def _lists(api: AliyunApi, groups: Iterable[Mapping[str, Any]]) -> tuple[Lists, Lists]:
    """Return the prefix lists and the port lists that rules name. What cannot be read is left
    out."""
    permissions = [
        permission for group in groups for permission in fields.items(group, "Permissions")
    ]
    prefix_ids, port_ids = (
        list(
            dict.fromkeys(
                filter(None, (fields.text(permission.get(key)) for permission in permissions))
            )
        )
        for key in ("SourcePrefixListId", "PortRangeListId")
    )
    prefix_lists, port_lists = await asyncio.gather(
        _entries(api, "DescribePrefixListAttributes", "PrefixListId", "Cidr", prefix_ids),
        _entries(api, "DescribePortRangeListEntries", "PortRangeListId", "PortRange", port_ids),
    )
    return prefix_lists, port_lists


async def _entries(
    api: AliyunApi, action: str, id_name: str, entry_key: str, ids: list[str]
) -> Lists:
    lists: dict[str, tuple[str, ...]] = {}
    for list_id in ids[:_MAX_LISTS]:
        try:
            answer = await api.call(action, **{id_name: list_id})
        except ApiError:
            continue
        entries = fields.items(answer, "Entries", "Entry") or fields.items(answer, "Entries")
        lists[list_id] = tuple(
            filter(None, (fields.text(entry.get(entry_key)) for entry in entries))
        )
    return lists
