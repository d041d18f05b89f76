"""AWS without boto3, which is an extra: unknown, and how to install it."""

import asyncio
import re
import sys

import pytest

from diagnose.cloud.aws.ec2 import AwsEc2
from diagnose.cloud.aws.rules import group_layer
from diagnose.cloud.evaluation import Flow, evaluate
from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse, Credentials
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup
from diagnose.processes.installation import extra_command

EC2 = AwsEc2()
KEY = Credentials("AKIA", "canary", "a test", region="eu-west-1")


class Nobody:
    async def send(self, request: ApiRequest) -> ApiResponse:
        raise AssertionError("nothing is to be sent")


@pytest.mark.parametrize("module", ["boto3", "botocore.session"])
def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    instance = CloudInstance("aws-ec2", "eu-west-1", "i-01234567")
    for asked in (EC2.fetch(instance, KEY, Nobody()), EC2.locate("203.0.113.9", KEY, Nobody())):
        with pytest.raises(ApiError, match=re.escape(extra_command("aws"))) as caught:
            asyncio.run(asked)
        assert caught.value.kind == "extra"


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("eu-west-1", "https://console.aws.amazon.com/ec2/home?region=eu-west-1#"),
        ("cn-north-1", "https://console.amazonaws.cn/ec2/home?region=cn-north-1#"),
        ("us-gov-west-1", "https://console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#"),
    ],
)
def test_the_console_of_a_region(region: str, start: str) -> None:
    instance = CloudInstance("aws-ec2", region, "i-01234567", groups=("sg-1",))
    assert EC2.console_url(instance) == f"{start}SecurityGroup:groupId=sg-1"
    assert EC2.shown_command(instance) == (
        "aws", "ec2", "describe-security-groups", "--region", region, "--group-ids", "sg-1",
    )  # fmt: skip


def test_a_group_is_attached_beside_those_that_are_there() -> None:
    instance = CloudInstance(
        "aws-ec2", "eu-west-1", "i-01234567", interface="eni-1", groups=("sg-1", "sg-2")
    )
    (change,) = EC2.attachment(instance, "sg-3").changes
    assert change.argv == (
        "aws", "ec2", "modify-network-interface-attribute", "--region", "eu-west-1",
        "--network-interface-id", "eni-1", "--groups", "sg-1", "sg-2", "sg-3",
    )  # fmt: skip
    assert change.undo == change.argv[:-1]


def test_the_visitor_of_the_other_family_is_not_opened() -> None:
    rules = RuleSet(
        (group_layer([{"GroupId": "sg-1", "IpPermissions": []}], {}),), (SecurityGroup("sg-1"),)
    )
    instance = CloudInstance("aws-ec2", "eu-west-1", "i-01234567")
    flow = Flow(8443)
    remedy = EC2.remedy(evaluate(rules, flow), flow, rules, instance, "2001:db8::7")
    (change,) = remedy.changes
    assert change.argv[-1] == (
        "IpProtocol=tcp,FromPort=8443,ToPort=8443,IpRanges=[{CidrIp=0.0.0.0/0}]"
    )
