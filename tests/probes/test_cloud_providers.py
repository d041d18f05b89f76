"""Servers at Tencent Cloud and AWS, as the probes see them: with fakes in place of the metadata
service and of the API."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from diagnose.cloud.aws import metadata as aws_metadata
from diagnose.cloud.evaluation import Flow, evaluate
from diagnose.cloud.provider import ApiRequest, ApiResponse
from diagnose.cloud.tencent import metadata as tencent_metadata
from diagnose.model import Evidence, Scope, Target, Unseen
from diagnose.model.cloud import CloudMachine, CloudRules
from diagnose.net import api_client
from diagnose.probes import Options
from diagnose.probes.firmware import DMI_FOLDER
from diagnose.probes.inside import cloud as inside
from diagnose.probes.outside import cloud as outside
from diagnose.processes.installation import extra_command
from diagnose.recording.codec import Recording, encode
from tests.support.check_evidence import NOW, TIMEOUT
from tests.support.fake_context import Looking
from tests.support.fake_metadata import FakeMetadata
from tests.support.fake_tencent import KEY_ID, SECRET, TOKEN, FakeTencent, failure
from tests.support.recorded_machine import RecordedMachine
from tests.support.tcp_evidence import attempt

SILENT = attempt(failure=TIMEOUT, took=4.0)
ADDRESS = SILENT.address
TENCENT_KEYS = {
    "TENCENTCLOUD_SECRET_ID": KEY_ID,
    "TENCENTCLOUD_SECRET_KEY": SECRET,
    "TENCENTCLOUD_TOKEN": TOKEN,
    "TENCENTCLOUD_REGION": "ap-guangzhou",
}
AWS_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIACANARY",
    "AWS_SECRET_ACCESS_KEY": "canarysecret",
    "AWS_REGION": "eu-west-1",
}
HTTPS = {"Protocol": "TCP", "Port": "443", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}


class Nobody:
    async def send(self, request: ApiRequest) -> ApiResponse:
        raise AssertionError(f"{request.url} is not to be asked")


def look(
    patch: pytest.MonkeyPatch,
    vendor: str,
    metadata: Any,
    api: Any,
    keys: Mapping[str, str],
    cloud: bool = True,
) -> Looking:
    """Look at a server whose port is silent; from elsewhere if it has no vendor."""

    @contextlib.asynccontextmanager
    async def door(client: Any) -> AsyncIterator[Any]:
        yield client

    patch.setattr(api_client, "api_client", lambda: door(api))
    patch.setattr(api_client, "metadata_client", lambda: door(metadata))
    patch.setenv("HOME", "/nonexistent")
    for name in (*TENCENT_KEYS, *AWS_KEYS, "ALIBABA_CLOUD_ACCESS_KEY_ID", "AWS_PROFILE"):
        patch.delenv(name, raising=False)
    for name, value in keys.items():
        patch.setenv(name, value)
    looking = Looking(RecordedMachine(files={f"{DMI_FOLDER}/sys_vendor": vendor}))
    looking.options = Options(cloud=cloud)
    looking.observations.append(SILENT)
    probe = inside.unanswered if vendor else outside.unanswered

    async def work() -> None:
        await probe.work(looking, SILENT)

    asyncio.run(work())
    return looking


def tencent_metadata_of(instance_id: str) -> FakeMetadata:
    items = {
        "instance-id": instance_id,
        "placement/region": "ap-guangzhou",
        "local-ipv4": "10.0.0.9",
        "public-ipv4": ADDRESS,
    }
    return FakeMetadata(tencent_metadata.BASE, items)


def account(*rows: dict[str, Any]) -> FakeTencent:
    fake = FakeTencent()
    fake.rows = {
        "cvm:DescribeInstances": [
            {
                "InstanceId": "ins-1a2b3c4d",
                "PrivateIpAddresses": ["10.0.0.9"],
                "PublicIpAddresses": [ADDRESS],
                "SecurityGroupIds": ["sg-1"],
                "VirtualPrivateCloud": {"VpcId": "vpc-1", "SubnetId": "subnet-1"},
            }
        ],
        "vpc:DescribeSubnets": [{"SubnetId": "subnet-1", "NetworkAclId": ""}],
    }
    fake.policies = {"sg-1": {"Ingress": list(rows)}}
    return fake


def test_a_server_at_tencent(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tencent_metadata_of("ins-1a2b3c4d")
    looking = look(monkeypatch, "Tencent Cloud\n", metadata, account(), TENCENT_KEYS)
    (machine,) = looking.observed(CloudMachine)
    assert (machine.title, machine.metadata) == ("Tencent Cloud", "answered")
    (observed,) = looking.observed(CloudRules)
    assert observed.instance.id == "ins-1a2b3c4d"
    assert observed.credentials == "TENCENTCLOUD_SECRET_ID"
    assert evaluate(observed.rules, Flow(443)).by == ("default",)
    assert observed.equivalent is not None
    assert observed.equivalent.startswith("tccli vpc DescribeSecurityGroupPolicies")
    assert looking.observed(Unseen) == ()


def test_without_a_word_of_the_user_no_key_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tencent_metadata_of("ins-1a2b3c4d")
    looking = look(monkeypatch, "Tencent Cloud", metadata, Nobody(), TENCENT_KEYS, cloud=False)
    assert looking.observed(CloudRules) == ()
    (unseen,) = looking.observed(Unseen)
    assert unseen.enable.endswith("--cloud")
    assert not any("security-credentials" in url for url in metadata.urls)


@pytest.mark.parametrize("instance_id", ["lhins-1a2b3c4d", "ins-unknown1"])
def test_a_lighthouse_instance_has_the_second_provider(
    monkeypatch: pytest.MonkeyPatch, instance_id: str
) -> None:
    fake = FakeTencent()
    fake.rows = {
        "lighthouse:DescribeInstances": [
            {
                "InstanceId": "lhins-1a2b3c4d",
                "PrivateAddresses": ["10.0.0.9"],
                "PublicAddresses": [ADDRESS],
            }
        ],
        "lighthouse:DescribeFirewallRules": [HTTPS],
    }
    metadata = tencent_metadata_of(instance_id)
    looking = look(monkeypatch, "Tencent Cloud", metadata, fake, TENCENT_KEYS)
    (observed,) = looking.observed(CloudRules)
    assert observed.instance.provider == "tencent-lighthouse"
    assert observed.instance.id == "lhins-1a2b3c4d"
    assert evaluate(observed.rules, Flow(443)).status == "allow"


def test_from_a_laptop_the_address_finds_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    looking = look(monkeypatch, "", Nobody(), account(HTTPS), TENCENT_KEYS)
    (observed,) = looking.observed(CloudRules)
    assert (observed.instance.provider, observed.instance.source) == ("tencent-cvm", "api")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (failure("UnauthorizedOperation", f"operation (cvm:DescribeX) {SECRET}"),
         "allow these actions, which only read: cvm:DescribeX"),
        (failure("AuthFailure.SignatureExpire"), "correct the clock"),
        (failure("AuthFailure.SecretIdNotFound", KEY_ID), "does not accept the credentials"),
        (failure("SomethingNew", f"{KEY_ID} {TOKEN}"), "something else"),
    ],
)  # fmt: skip
def test_each_refusal_is_unknown_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, answer: ApiResponse, words: str
) -> None:
    fake = account()
    fake.failures = [lambda _: answer] * 9
    metadata = tencent_metadata_of("ins-1a2b3c4d")
    looking = look(monkeypatch, "Tencent Cloud", metadata, fake, TENCENT_KEYS)
    assert looking.observed(CloudRules) == ()
    assert any(words in unseen.why for unseen in looking.observed(Unseen))
    assert "canary" not in recording_of(looking)


def recording_of(looking: Looking) -> str:
    """Return all that was observed, as a recording has it."""
    target = Target("shop.example.com", "https", "shop.example.com", 443)
    evidence = Evidence(target, NOW, tuple(looking.observations), Scope())
    return encode(Recording(evidence)) + repr(looking.observations)


def test_no_key_is_in_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tencent_metadata_of("ins-1a2b3c4d")
    looking = look(monkeypatch, "Tencent Cloud", metadata, account(HTTPS), TENCENT_KEYS)
    assert "sg-1" in recording_of(looking)
    assert "canary" not in recording_of(looking).lower()


def test_a_server_at_aws_without_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    items = {"instance-id": "i-0123456789abcdef0", "placement/region": "eu-west-1"}
    metadata = FakeMetadata(
        aws_metadata.BASE, items, aws_metadata.TOKEN_URL, aws_metadata.TOKEN_FIELD
    )
    looking = look(monkeypatch, "Amazon EC2", metadata, Nobody(), AWS_KEYS)
    (machine,) = looking.observed(CloudMachine)
    assert machine.instance is not None
    (unseen,) = looking.observed(Unseen)
    assert extra_command("aws") in unseen.why
    assert "canary" not in recording_of(looking).lower()


def test_boto3_is_not_imported_for_another_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in {"boto3", "botocore"}]:
        monkeypatch.delitem(sys.modules, name)
    metadata = tencent_metadata_of("ins-1a2b3c4d")
    look(monkeypatch, "Tencent Cloud", metadata, account(), TENCENT_KEYS)
    assert not {"boto3", "botocore"} & {*sys.modules}
