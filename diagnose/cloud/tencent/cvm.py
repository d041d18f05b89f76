"""Tencent Cloud Virtual Machines: their security groups and network ACLs."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from diagnose.cloud.address_sets import network_range
from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.fields import items, member, network, text, texts
from diagnose.cloud.provider import (
    ApiError,
    Client,
    Credentials,
    Remedy,
)
from diagnose.cloud.tencent import remedies
from diagnose.cloud.tencent.account import TencentAccount
from diagnose.cloud.tencent.acl import acl_layers, is_quintuple, unread_acl_layers
from diagnose.cloud.tencent.api import ALLOWED, TencentApi, filtered
from diagnose.cloud.tencent.rules import group_layer
from diagnose.cloud.tencent.template_lists import read_templates
from diagnose.model.cloud import CloudInstance, RuleLayer, RuleSet, SecurityGroup

#: Groups that are not attached and are read: a person chooses among a few.
_MAX_OTHER_GROUPS = 10
#: An instance has at most 5 groups; a console lets more of them be asked for.
_MAX_GROUPS = 20
_INTERFACES = "vpc:DescribeNetworkInterfaces"
_GROUP_URL = "https://console.cloud.tencent.com/vpc/securitygroup"
_ACL_URL = "https://console.cloud.tencent.com/vpc/acl"


class TencentCvm(TencentAccount):
    """The provider "tencent-cvm"."""

    name = "tencent-cvm"
    title = "Tencent Cloud CVM"
    actions = tuple(sorted(action for action in ALLOWED if not action.startswith("lighthouse")))

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        api = self._api(credentials.region, credentials, client)
        name = "ipv6-address" if ":" in address else "public-ip-address"
        parameters = filtered(name, address)
        for row in await api.pages("cvm:DescribeInstances", parameters, "InstanceSet"):
            # The API is asked for this address; another instance than its own is no answer.
            instance = _instance(row, credentials.region)
            if has_address(instance.public_addresses, address):
                return instance
        return await _by_interface(api, address)

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        if instance.id.startswith("lhins-"):
            raise ApiError("missing", instance.id, action="cvm:DescribeInstances")
        api = self._api(instance.region or credentials.region, credentials, client)
        instance, subnet = await _with_interface(api, instance)
        groups, (acl_id, acls) = await asyncio.gather(
            asyncio.gather(*(_policies(api, group_id) for group_id in instance.groups)),
            _acl(api, subnet),
        )
        templates = await read_templates(api, groups)
        layers = (group_layer(groups, templates), *acls)
        return instance, RuleSet(layers, tuple(map(SecurityGroup, instance.groups)), acl_id)

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        api = self._api(instance.region or credentials.region, credentials, client)
        rows = await api.pages("vpc:DescribeSecurityGroups", {}, "SecurityGroupSet")
        names = {
            text(member(row, "SecurityGroupId")): text(member(row, "SecurityGroupName"))
            for row in rows
        }
        other_groups = [name for name in names if name and name not in instance.groups]
        groups = [await _policies(api, group) for group in other_groups[:_MAX_OTHER_GROUPS]]
        templates = await read_templates(api, groups)
        return tuple(
            SecurityGroup(group_id, names[group_id], rules=group_layer([group], templates).rules)
            for group_id, group in zip(other_groups, groups, strict=False)
        )

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        changes = remedies.group_changes(verdict, flow, rules, instance, visitor)
        is_acl = any(change.kind == "change-acl" for change in changes)
        return Remedy(changes, _ACL_URL if is_acl else self.console_url(instance))

    def attachment(self, instance: CloudInstance, group_id: str) -> Remedy:
        return Remedy((remedies.attachment(instance, group_id),), self.console_url(instance))

    def shown_command(self, instance: CloudInstance) -> tuple[str, ...]:
        return (
            "tccli", "vpc", "DescribeSecurityGroupPolicies", "--region", instance.region,
            "--SecurityGroupId", next(iter(instance.groups), "sg-…"),
        )  # fmt: skip

    def console_url(self, instance: CloudInstance) -> str:
        return _GROUP_URL


def has_address(addresses: Iterable[str], address: str) -> bool:
    """Whether an address is among others, in any spelling."""
    address_range = network_range(address)
    return address_range is not None and address_range in map(network_range, addresses)


def _instance(row: Mapping[str, Any], region: str) -> CloudInstance:
    private = texts(row, "PrivateIpAddresses")
    return CloudInstance(
        TencentCvm.name,
        region,
        text(row.get("InstanceId")),
        private_address=network(private[0]) if private else "",
        public_addresses=(*texts(row, "PublicIpAddresses"), *texts(row, "IPv6Addresses")),
        source="api",
    )


async def _with_interface(api: TencentApi, instance: CloudInstance) -> tuple[CloudInstance, str]:
    """Return an instance with what the API says of its interface, and the interface's subnet.

    Each interface has groups of its own, in the order of their binding. Where interfaces may not
    be read, the groups are those of the instance, which its first interface has.
    """
    instance = replace(instance, region=api.region)
    parameters = filtered("attachment.instance-id", instance.id)
    try:
        rows = await api.pages(_INTERFACES, parameters, "NetworkInterfaceSet")
    except ApiError as error:
        if error.kind != "forbidden":
            raise
        rows = []
    interface = _own_interface(rows, instance)
    if interface is None:
        return await _described(api, instance)
    public = (*instance.public_addresses, *_addresses(interface, "PublicIpAddress"))
    private = (instance.private_address, *_addresses(interface, "PrivateIpAddress"))
    instance = replace(
        instance,
        interface=text(interface.get("NetworkInterfaceId")),
        private_address=next(filter(None, private), ""),
        public_addresses=tuple(dict.fromkeys(public)),
        network=text(interface.get("VpcId")),
        groups=texts(interface, "GroupSet")[:_MAX_GROUPS],
    )
    return instance, text(interface.get("SubnetId"))


async def _by_interface(api: TencentApi, address: str) -> CloudInstance | None:
    """Find an instance by the address of another interface than its first one: instances are not
    found by those."""
    name = "address-ipv6" if ":" in address else "public-address-ip"
    for row in await api.pages(_INTERFACES, filtered(name, address), "NetworkInterfaceSet"):
        instance_id = text(member(row, "Attachment", "InstanceId"))
        addresses = tuple(_addresses(row, "PublicIpAddress")) if isinstance(row, Mapping) else ()
        if instance_id and has_address(addresses, address):
            return CloudInstance(
                TencentCvm.name,
                api.region,
                instance_id,
                public_addresses=addresses,
                source="api",
            )
    return None


async def _described(api: TencentApi, instance: CloudInstance) -> tuple[CloudInstance, str]:
    """Return an instance with what DescribeInstances says of it, and its subnet."""
    action = "cvm:DescribeInstances"
    rows = await api.pages(action, {"InstanceIds": [instance.id]}, "InstanceSet")
    row = next((row for row in rows if text(member(row, "InstanceId")) == instance.id), None)
    if row is None:
        raise ApiError("missing", instance.id, action=action)
    described = _instance(row, api.region)
    network_id = text(member(row, "VirtualPrivateCloud", "VpcId"))
    groups = texts(row, "SecurityGroupIds")[:_MAX_GROUPS]
    return (
        replace(described, source=instance.source, network=network_id, groups=groups),
        text(member(row, "VirtualPrivateCloud", "SubnetId")),
    )


def _own_interface(rows: Iterable[object], instance: CloudInstance) -> Mapping[str, Any] | None:
    """Return the interface that has an address of the instance, else the first one of it."""
    interfaces = [row for row in rows if isinstance(row, Mapping)]
    instance_addresses = {instance.private_address, *instance.public_addresses} - {""}
    names = ("PrivateIpAddress", "PublicIpAddress")
    for interface in interfaces:
        if instance_addresses & {
            address for name in names for address in _addresses(interface, name)
        }:
            return interface
    return next((interface for interface in interfaces if interface.get("Primary") is True), None)


def _addresses(interface: Mapping[str, Any], name: str) -> list[str]:
    """Return addresses of an interface; those of IPv6 are public."""
    addresses = [item.get(name) for item in items(interface, "PrivateIpAddressSet")]
    if name == "PublicIpAddress":
        v6 = items(interface, "Ipv6AddressSet")
        addresses += [entry.get(key) for entry in v6 for key in ("Address", name)]
    return list(filter(None, map(network, addresses)))


async def _policies(api: TencentApi, group_id: str) -> Mapping[str, Any]:
    """Return the rules of a group together with its id."""
    parameters = {"SecurityGroupId": group_id}
    response = await api.call("vpc:DescribeSecurityGroupPolicies", parameters)
    policies = response.get("SecurityGroupPolicySet")
    return {**(policies if isinstance(policies, Mapping) else {}), "SecurityGroupId": group_id}


async def _acl(api: TencentApi, subnet: str) -> tuple[str, tuple[RuleLayer, ...]]:
    """Return the network ACL of a subnet and its layers: none if it has none."""
    if not subnet:
        return "", ()
    try:
        rows = await api.pages("vpc:DescribeSubnets", {"SubnetIds": [subnet]}, "SubnetSet")
        row = next((row for row in rows if text(member(row, "SubnetId")) == subnet), None)
        if row is None:
            return "", unread_acl_layers(f"subnet {subnet}")
        acl_id = text(row.get("NetworkAclId"))
        return acl_id, await _layers_of_acl(api, acl_id) if acl_id else ()
    except ApiError as error:
        return "", unread_acl_layers(f"network ACL ({error.code or error.kind}: {error.action})")


async def _layers_of_acl(api: TencentApi, acl_id: str) -> tuple[RuleLayer, ...]:
    parameters = {"NetworkAclIds": [acl_id]}
    rows = await api.pages("vpc:DescribeNetworkAcls", parameters, "NetworkAclSet")
    acl = next((row for row in rows if text(member(row, "NetworkAclId")) == acl_id), None)
    if acl is None:
        return unread_acl_layers(f"network ACL {acl_id}")
    if not is_quintuple(acl):
        return acl_layers(acl)
    entries = await api.pages(
        "vpc:DescribeNetworkAclQuintupleEntries",
        {"NetworkAclId": acl_id},
        "NetworkAclQuintupleSet",
    )
    return acl_layers(acl, entries)
