"""States of the mock of Alibaba Cloud, and a client that asks it without a network."""

import json
from collections.abc import Mapping
from typing import Any

from diagnose.cloud.provider import ApiRequest, ApiResponse, Credentials
from tests.support.aliyun_mock import KEY_ID, SECRET, AliyunMock, MetadataMock

REGION = "cn-hangzhou"
PUBLIC, PRIVATE = "203.0.113.10", "172.16.0.10"
INSTANCE = "i-example"
CREDENTIALS = Credentials(KEY_ID, SECRET, "a test", region=REGION)


def rule(name: str, ports: str, policy: str = "Accept", **more: Any) -> dict[str, Any]:
    """A rule as the API writes it: TCP, from everywhere, of priority 1."""
    return {
        "SecurityGroupRuleId": name, "Direction": "ingress", "Policy": policy, "Priority": "1",
        "IpProtocol": "TCP", "PortRange": ports, "SourceCidrIp": "0.0.0.0/0",
        "Ipv6SourceCidrIp": "", "SourceGroupId": "", "SourcePrefixListId": "",
    } | more  # fmt: skip


#: The group that the console makes: 22, 3389 and ICMP.
CONSOLE_DEFAULT = [
    rule("sgr-22", "22/22", Priority="100"),
    rule("sgr-3389", "3389/3389", Priority="100"),
    rule("sgr-icmp", "-1/-1", Priority="100", IpProtocol="ICMP"),
]


def state(*rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An instance with one group that has these rules."""
    return {
        "instances": [{"id": INSTANCE, "eip": PUBLIC, "private": PRIVATE}],
        "interfaces": [
            {
                "NetworkInterfaceId": "eni-1",
                "InstanceId": INSTANCE,
                "Type": "Primary",
                "PrivateIpAddress": PRIVATE,
                "AssociatedPublicIp": {"PublicIpAddress": PUBLIC},
                "SecurityGroupIds": {"SecurityGroupId": ["sg-web"]},
                "VSwitchId": "vsw-1",
                "VpcId": "vpc-1",
            }
        ],
        "groups": {"sg-web": {"Permissions": list(rules)}},
    } | more


class MockClient:
    """A client whose API is the mock."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.mock = AliyunMock(state)

    async def send(self, request: ApiRequest) -> ApiResponse:
        status, answer = self.mock.answer(request.method, request.url, dict(request.headers))
        return ApiResponse(status, body=json.dumps(answer).encode())


class MetadataClient:
    """A client whose metadata service is the mock."""

    def __init__(self, **state: Any) -> None:
        self.mock = MetadataMock(state)

    async def send(self, request: ApiRequest) -> ApiResponse:
        path = request.url.removeprefix("http://100.100.100.200")
        status, text = self.mock.answer(request.method, path, dict(request.headers))
        return ApiResponse(status, body=text.encode())
