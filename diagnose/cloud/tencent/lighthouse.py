"""Tencent Lighthouse: a firewall of its own for each instance, and no security groups."""

from collections.abc import Mapping
from dataclasses import replace

from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.fields import member, text, texts
from diagnose.cloud.provider import ApiError, Client, Credentials, Remedy
from diagnose.cloud.tencent import remedies
from diagnose.cloud.tencent.account import TencentAccount
from diagnose.cloud.tencent.api import ALLOWED, TencentApi, filtered
from diagnose.cloud.tencent.cvm import has_address
from diagnose.cloud.tencent.rules import firewall_layer
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup


class TencentLighthouse(TencentAccount):
    """The provider "tencent-lighthouse"."""

    name = "tencent-lighthouse"
    title = "Tencent Cloud Lighthouse"
    actions = tuple(sorted(action for action in ALLOWED if action.startswith("lighthouse:")))

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        api = self._api(credentials.region, credentials, client)
        # There is no filter for IPv6: then all instances of the region are looked through.
        parameters = {} if ":" in address else filtered("public-ip-address", address)
        instances = await _instances(api, parameters)
        return next(
            (instance for instance in instances if has_address(instance.public_addresses, address)),
            None,
        )

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        api = self._api(instance.region or credentials.region, credentials, client)
        instance = await _of_this_service(api, instance)
        parameters = {"InstanceId": instance.id}
        rows = await api.pages("lighthouse:DescribeFirewallRules", parameters, "FirewallRuleSet")
        return instance, RuleSet((firewall_layer(rows),))

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        return ()

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        changes = remedies.firewall_changes(verdict, flow, rules, instance, visitor)
        return Remedy(changes, self.console_url(instance))

    def attachment(self, instance: CloudInstance, group_id: str) -> Remedy:
        return Remedy((), self.console_url(instance))

    def shown_command(self, instance: CloudInstance) -> tuple[str, ...]:
        return (
            "tccli", "lighthouse", "DescribeFirewallRules", "--region", instance.region,
            "--InstanceId", instance.id, "--Limit", "100",
        )  # fmt: skip

    def console_url(self, instance: CloudInstance) -> str:
        return "https://console.cloud.tencent.com/lighthouse/instance"


async def _instances(api: TencentApi, parameters: Mapping[str, object]) -> list[CloudInstance]:
    rows = await api.pages("lighthouse:DescribeInstances", parameters, "InstanceSet")
    return [
        CloudInstance(
            TencentLighthouse.name,
            api.region,
            text(member(row, "InstanceId")),
            private_address=next(iter(texts(row, "PrivateAddresses")), ""),
            public_addresses=(
                *texts(row, "PublicAddresses"),
                *texts(row, "PublicIpv6Addresses"),
            ),
            source="api",
        )
        for row in rows
    ]


async def _of_this_service(api: TencentApi, instance: CloudInstance) -> CloudInstance:
    """Return an instance as this service knows it.

    No document says which id the metadata of a Lighthouse instance have. One of a CVM is looked
    for by its private address: all instances of an account and a region are in one network.
    """
    if instance.id.startswith("lhins-"):
        return replace(instance, region=api.region)
    if instance.private_address:
        parameters = filtered("private-ip-address", instance.private_address)
        for known_instance in await _instances(api, parameters):
            if known_instance.private_address == instance.private_address:
                return replace(known_instance, source=instance.source)
    raise ApiError("missing", instance.id, action="lighthouse:DescribeInstances")
