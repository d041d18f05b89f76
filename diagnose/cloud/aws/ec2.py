"""Amazon EC2: the security groups and the network ACL in front of an instance."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from diagnose.cloud.address_sets import network_range
from diagnose.cloud.aws import credentials as aws_credentials
from diagnose.cloud.aws import remedies
from diagnose.cloud.aws.api import Ec2Api, open_api
from diagnose.cloud.aws.metadata import credentials_of_role, detect_instance
from diagnose.cloud.aws.rules import (
    PrefixLists,
    acl_layers,
    group_layer,
    prefix_list_ids,
    unread_acl_layers,
)
from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.fields import items, member, network, text
from diagnose.cloud.provider import ApiError, Client, Credentials, Dmi, Profile, Remedy
from diagnose.model.cloud import CloudInstance, RuleLayer, RuleSet, SecurityGroup

#: Groups that are not attached and are returned: a person chooses among a few.
_MAX_OTHER_GROUPS = 10
#: Prefix lists that are read: each is a call.
_MAX_LISTS = 20


class AwsEc2:
    """The provider "aws-ec2"."""

    name = "aws-ec2"
    title = "Amazon EC2"
    actions: tuple[str, ...] = (
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:GetManagedPrefixListEntries",
    )
    credential_places = aws_credentials.PLACES
    setup_command = aws_credentials.SETUP_COMMAND
    region_variable = aws_credentials.REGION_VARIABLE

    def is_on(self, dmi: Dmi) -> bool:
        return "Amazon EC2" in {dmi.sys_vendor.strip(), dmi.bios_vendor.strip()}

    async def detect(self, metadata: Client) -> CloudInstance | None:
        return await detect_instance(metadata, self.name)

    async def credentials(self, profile: Profile) -> Credentials | None:
        return await aws_credentials.find_credentials(profile)

    async def role_credentials(self, metadata: Client) -> Credentials | None:
        return await credentials_of_role(metadata)

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        api = await open_api(credentials, credentials.region, client, self.actions)
        name = "ipv6-addresses.ipv6-address" if ":" in address else "association.public-ip"
        for row in await _interfaces(api, name, address):
            # The API is asked for this address; an interface without it is no answer.
            instance_id = text(member(row, "Attachment", "InstanceId"))
            instance = CloudInstance(self.name, api.region, instance_id, source="api")
            instance = _with_interface(instance, row)
            if instance_id and _has_address(instance.public_addresses, address):
                return instance
        return None

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        api = await open_api(
            credentials, instance.region or credentials.region, client, self.actions
        )
        interface = await _own_interface(api, instance)
        instance = _with_interface(replace(instance, region=api.region), interface)
        rows = await _groups(api, {"GroupIds": list(instance.groups)}) if instance.groups else []
        groups = _in_order(rows, instance.groups)
        layer = group_layer(groups, await _prefix_lists(api, groups))
        acl_id, acls = await _acl(api, text(interface.get("SubnetId")))
        names = {text(member(group, "GroupId")): _name(group) for group in groups}
        attached = tuple(
            SecurityGroup(group_id, names.get(group_id, "")) for group_id in instance.groups
        )
        return instance, RuleSet((layer, *acls), attached, acl_id)

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        if not instance.network:
            return ()
        api = await open_api(
            credentials, instance.region or credentials.region, client, self.actions
        )
        rows = await _groups(api, _filtered("vpc-id", instance.network))
        other_groups = [
            row for row in rows if text(member(row, "GroupId")) not in {"", *instance.groups}
        ][:_MAX_OTHER_GROUPS]
        lists = await _prefix_lists(api, other_groups)
        return tuple(
            SecurityGroup(
                text(member(row, "GroupId")), _name(row), rules=group_layer([row], lists).rules
            )
            for row in other_groups
        )

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        changes = remedies.group_changes(verdict, flow, rules, instance, visitor)
        is_by_acl = remedies.is_by_acl(verdict)
        url = remedies.acl_url(instance, rules.acl) if is_by_acl else self.console_url(instance)
        return Remedy(changes, url)

    def attachment(self, instance: CloudInstance, group_id: str) -> Remedy:
        return Remedy((remedies.attachment(instance, group_id),), self.console_url(instance))

    def shown_command(self, instance: CloudInstance) -> tuple[str, ...]:
        groups = ("--group-ids", *instance.groups) if instance.groups else ()
        return ("aws", "ec2", "describe-security-groups", "--region", instance.region, *groups)

    def console_url(self, instance: CloudInstance) -> str:
        return remedies.groups_url(instance)


def _filtered(name: str, value: str) -> dict[str, Any]:
    """Return the parameters that ask for the rows whose field has one value."""
    return {"Filters": [{"Name": name, "Values": [value]}]}


def _has_address(addresses: Iterable[str], address: str) -> bool:
    address_range = network_range(address)
    return address_range is not None and address_range in map(network_range, addresses)


async def _interfaces(api: Ec2Api, name: str, value: str) -> list[Any]:
    parameters = _filtered(name, value)
    return await api.pages("describe_network_interfaces", "NetworkInterfaces", parameters)


async def _groups(api: Ec2Api, parameters: Mapping[str, Any]) -> list[Any]:
    return await api.pages("describe_security_groups", "SecurityGroups", parameters)


def _in_order(rows: Iterable[Any], group_ids: Iterable[str]) -> list[Any]:
    """Return the groups in the order of the interface. One that is not there has no rules that
    could be read."""
    by_id = {text(member(row, "GroupId")): row for row in rows}
    return [by_id.get(group_id, {"GroupId": group_id}) for group_id in group_ids]


def _name(group: object) -> str:
    return text(member(group, "GroupName"))


async def _own_interface(api: Ec2Api, instance: CloudInstance) -> Mapping[str, Any]:
    """Return the interface that has an address of the instance, else its first one.

    Each interface has groups and a subnet of its own. Where interfaces may not be read, they are
    those that DescribeInstances has.
    """
    try:
        rows = await _interfaces(api, "attachment.instance-id", instance.id)
    except ApiError as error:
        # The key of a role may be forbidden as well: then nothing else can be read.
        if error.kind != "forbidden" or error.action != "ec2:DescribeNetworkInterfaces":
            raise
        parameters = {"InstanceIds": [instance.id]}
        reservations = await api.pages("describe_instances", "Reservations", parameters)
        rows = [
            interface
            for reservation in reservations
            for item in items(reservation, "Instances")
            for interface in items(item, "NetworkInterfaces")
        ]
    interfaces = [row for row in rows if isinstance(row, Mapping)]
    if not interfaces:
        raise ApiError("missing", instance.id, action="ec2:DescribeNetworkInterfaces")
    instance_addresses = {instance.private_address, *instance.public_addresses} - {""}

    def rank(interface: Mapping[str, Any]) -> tuple[bool, bool]:
        addresses = {*_private_addresses(interface), *_public_addresses(interface)}
        return not addresses & instance_addresses, member(
            interface, "Attachment", "DeviceIndex"
        ) != 0

    return min(interfaces, key=rank)


def _with_interface(instance: CloudInstance, interface: Mapping[str, Any]) -> CloudInstance:
    private = (instance.private_address, *_private_addresses(interface))
    public = (*instance.public_addresses, *_public_addresses(interface))
    groups = (text(item.get("GroupId")) for item in items(interface, "Groups"))
    return replace(
        instance,
        interface=text(interface.get("NetworkInterfaceId")),
        private_address=next(filter(None, private), ""),
        public_addresses=tuple(dict.fromkeys(public)),
        network=text(interface.get("VpcId")),
        groups=tuple(filter(None, groups)),
    )


def _private_addresses(interface: Mapping[str, Any]) -> list[str]:
    rows = items(interface, "PrivateIpAddresses")
    addresses = [interface.get("PrivateIpAddress"), *(row.get("PrivateIpAddress") for row in rows)]
    return list(filter(None, map(network, addresses)))


def _public_addresses(interface: Mapping[str, Any]) -> list[str]:
    """Return the public addresses of an interface; those of IPv6 are public."""
    rows = items(interface, "PrivateIpAddresses")
    addresses = [member(holder, "Association", "PublicIp") for holder in (interface, *rows)]
    addresses += [item.get("Ipv6Address") for item in items(interface, "Ipv6Addresses")]
    return list(dict.fromkeys(filter(None, map(network, addresses))))


async def _prefix_lists(api: Ec2Api, groups: Iterable[Any]) -> PrefixLists:
    """Return the prefix lists that the groups name. One that cannot be read is left out."""
    lists: dict[str, tuple[str, ...]] = {}
    for list_id in prefix_list_ids(groups)[:_MAX_LISTS]:
        try:
            parameters = {"PrefixListId": list_id}
            rows = await api.pages("get_managed_prefix_list_entries", "Entries", parameters)
        except ApiError:
            continue
        entries = [network(member(row, "Cidr")) for row in rows]
        if all(entries):
            lists[list_id] = tuple(entries)
    return lists


async def _acl(api: Ec2Api, subnet: str) -> tuple[str, tuple[RuleLayer, ...]]:
    """Return the network ACL of a subnet and its layers. Every subnet has one."""
    if not subnet:
        return "", unread_acl_layers("the subnet of the interface")
    try:
        parameters = _filtered("association.subnet-id", subnet)
        rows = await api.pages("describe_network_acls", "NetworkAcls", parameters)
    except ApiError as error:
        return "", unread_acl_layers(f"network ACL ({error.code or error.kind}: {error.action})")
    for row in rows:
        if subnet in (text(item.get("SubnetId")) for item in items(row, "Associations")):
            return text(member(row, "NetworkAclId")), acl_layers(row)
    return "", unread_acl_layers(f"network ACL of {subnet}")
