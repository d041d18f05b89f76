"""The metadata of EC2: a token first, and nothing of the role unless it is asked for."""

import asyncio
import json

import pytest

from diagnose.cloud.aws.ec2 import AwsEc2
from diagnose.cloud.aws.metadata import BASE, TOKEN_FIELD, TOKEN_URL
from diagnose.cloud.provider import ApiError, Dmi, Provider
from diagnose.model.cloud import CloudInstance
from tests.support.fake_metadata import FakeMetadata

EC2 = AwsEc2()
ITEMS = {
    "instance-id": "i-0123456789abcdef0",
    "placement/region": "eu-west-1",
    "local-ipv4": "10.0.0.9",
    "public-ipv4": "203.0.113.9",
}


def service(**items: str) -> FakeMetadata:
    return FakeMetadata(BASE, {**ITEMS, **items}, TOKEN_URL, TOKEN_FIELD)


def test_the_firmware() -> None:
    assert EC2.is_on(Dmi(sys_vendor="Amazon EC2"))
    assert EC2.is_on(Dmi(sys_vendor="Xen", bios_vendor="Amazon EC2"))
    assert not EC2.is_on(Dmi(sys_vendor="Tencent Cloud"))


def test_the_instance() -> None:
    metadata = service()
    assert asyncio.run(EC2.detect(metadata)) == CloudInstance(
        "aws-ec2", "eu-west-1", "i-0123456789abcdef0", "", "10.0.0.9", ("203.0.113.9",)
    )
    assert metadata.urls[0] == TOKEN_URL
    assert not any("iam/" in url for url in metadata.urls)


def test_an_instance_without_a_public_address() -> None:
    metadata = FakeMetadata(
        BASE, {"instance-id": "i-01234567", "local-ipv4": "10.0.0.9"}, TOKEN_URL, TOKEN_FIELD
    )
    assert asyncio.run(EC2.detect(metadata)) == CloudInstance(
        "aws-ec2", "", "i-01234567", private_address="10.0.0.9"
    )


def test_the_fake_insists_on_its_token() -> None:
    metadata = FakeMetadata(BASE, ITEMS, TOKEN_URL, "another-field")
    with pytest.raises(ApiError):
        asyncio.run(EC2.detect(metadata))


def test_a_service_without_tokens_is_not_ec2_s() -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.detect(FakeMetadata(BASE, ITEMS)))
    assert caught.value.kind == "rejected"


def test_a_service_that_is_off() -> None:
    off = FakeMetadata(BASE, ITEMS, TOKEN_URL, TOKEN_FIELD, is_off=True)
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.detect(off))
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize("instance_id", ["ins-1a2b3c4d", "<html>", "", "i-" + "0" * 999])
def test_another_cloud_at_the_same_address(instance_id: str) -> None:
    assert asyncio.run(EC2.detect(service(**{"instance-id": instance_id}))) is None


ROLES = "iam/security-credentials/"
DOCUMENT = {
    "Code": "Success", "AccessKeyId": "ASIArole", "SecretAccessKey": "canaryrole",
    "Token": "canarytoken",
}  # fmt: skip


def test_the_role() -> None:
    metadata = service(**{ROLES: "web", f"{ROLES}web": json.dumps(DOCUMENT)})
    key = asyncio.run(EC2.role_credentials(metadata))
    assert key is not None
    assert (key.key_id, key.secret, key.token) == ("ASIArole", "canaryrole", "canarytoken")
    assert (key.region, "canary" in repr(key)) == ("eu-west-1", False)


@pytest.mark.parametrize(
    "document", ["", "[]", "nonsense", json.dumps({**DOCUMENT, "Code": "AssumeRoleUnauthorized"}),
                 json.dumps({**DOCUMENT, "Token": 7}), "[" * 100_000],
)  # fmt: skip
def test_a_role_without_a_key(document: str) -> None:
    metadata = service(**{ROLES: "web", f"{ROLES}web": document})
    assert asyncio.run(EC2.role_credentials(metadata)) is None


def test_no_role() -> None:
    assert asyncio.run(EC2.role_credentials(service())) is None
    assert asyncio.run(EC2.role_credentials(service(**{ROLES: "../../x y"}))) is None


def test_it_is_a_provider() -> None:
    provider: Provider = EC2
    assert provider.name == "aws-ec2"
    assert all(action.startswith(("ec2:Describe", "ec2:Get")) for action in provider.actions)
