"""Tencent Lighthouse: a firewall of its own for each instance, and no security groups."""

from dataclasses import replace

from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.fields import member, network, text, texts
from diagnose.cloud.provider import Client, Credentials, Dmi, Profile, Remedy
from diagnose.cloud.tencent import remedies
from diagnose.cloud.tencent.api import ALLOWED, filtered
from diagnose.cloud.tencent.credentials import find_credentials
from diagnose.cloud.tencent.cvm import api_of, has_address, is_tencent
from diagnose.cloud.tencent.metadata import credentials_of_role, detect_instance
from diagnose.cloud.tencent.rules import firewall_layer
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup


class TencentLighthouse:
    """The provider "tencent-lighthouse"."""

    name = "tencent-lighthouse"
    title = "Tencent Cloud Lighthouse"
    actions = tuple(sorted(action for action in ALLOWED if action.startswith("lighthouse:")))

    def is_on(self, dmi: Dmi) -> bool:
        return is_tencent(dmi)

    async def detect(self, metadata: Client) -> CloudInstance | None:
        return await detect_instance(metadata, self.name, "lhins-")

    async def credentials(self, profile: Profile) -> Credentials | None:
        return await find_credentials(profile)

    async def role_credentials(self, metadata: Client) -> Credentials | None:
        return await credentials_of_role(metadata)

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        api = api_of(credentials.region, credentials, client)
        # There is no filter for IPv6: then all instances of the region are looked through.
        parameters = {} if ":" in address else filtered("public-ip-address", address)
        for row in await api.pages("lighthouse:DescribeInstances", parameters, "InstanceSet"):
            public = (*texts(row, "PublicAddresses"), *texts(row, "PublicIpv6Addresses"))
            if has_address(public, address):
                private = texts(row, "PrivateAddresses")
                return CloudInstance(
                    self.name,
                    credentials.region,
                    text(member(row, "InstanceId")),
                    private_address=network(private[0]) if private else "",
                    public_addresses=public,
                    source="api",
                )
        return None

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        api = api_of(instance.region or credentials.region, credentials, client)
        parameters = {"InstanceId": instance.id}
        rows = await api.pages("lighthouse:DescribeFirewallRules", parameters, "FirewallRuleSet")
        return replace(instance, region=api.region), RuleSet((firewall_layer(rows),))

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        return ()

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        changes = remedies.firewall_changes(verdict, flow, instance, visitor)
        return Remedy(changes, self.console_url(instance))

    def console_url(self, instance: CloudInstance) -> str:
        return "https://console.cloud.tencent.com/lighthouse/instance"
