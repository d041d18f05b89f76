"""Alibaba Cloud Simple Application Server (SWAS): it has a firewall of its own in the provider's
network, and no security group."""

import json

from diagnose.cloud import fields
from diagnose.cloud.aliyun import remedies
from diagnose.cloud.aliyun.account import AliyunAccount
from diagnose.cloud.aliyun.api import policy_action
from diagnose.cloud.aliyun.rules import firewall_rule_set
from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.provider import Client, Credentials, Remedy
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup

#: The API gives ten rules a page unless more are asked for, and a hundred at most.
_PAGE_SIZE = "100"


class AliyunSwas(AliyunAccount):
    name = "aliyun-swas"
    title = "Alibaba Cloud Simple Application Server"
    actions = tuple(policy_action(action) for action in ("ListInstances", "ListFirewallRules"))

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        api = self._api(credentials.region, credentials, client)
        answers = await api.numbered_pages(
            "ListInstances",
            "Instances",
            "Instance",
            PublicIpAddresses=json.dumps([address]),
            PageSize=_PAGE_SIZE,
        )
        for answer in answers:
            public = fields.network(answer.get("PublicIpAddress"))
            if public == address:
                return CloudInstance(
                    self.name,
                    fields.text(answer.get("RegionId")) or api.region,
                    fields.text(answer.get("InstanceId")),
                    "",
                    fields.network(answer.get("InnerIpAddress")),
                    (public,),
                    "api",
                )
        return None

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        api = self._api(instance.region, credentials, client)
        rules = await api.numbered_pages(
            "ListFirewallRules",
            "FirewallRules",
            "FirewallRule",
            InstanceId=instance.id,
            PageSize=_PAGE_SIZE,
        )
        return instance, firewall_rule_set(rules)

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        return ()

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        changes = remedies.firewall_changes(verdict, flow, instance, visitor)
        return Remedy(changes, self.console_url(instance))

    def attachment(self, instance: CloudInstance, group_id: str) -> Remedy:
        return Remedy((), self.console_url(instance))

    def shown_command(self, instance: CloudInstance) -> tuple[str, ...]:
        return (
            "aliyun", "swas-open", "ListFirewallRules", "--RegionId", instance.region,
            "--InstanceId", instance.id, "--PageSize", _PAGE_SIZE,
        )  # fmt: skip

    def console_url(self, instance: CloudInstance) -> str:
        return remedies.firewall_url(instance)
