"""The metadata service of Alibaba Cloud: hardened, plain, switched off."""

import asyncio

import pytest

from diagnose.cloud.aliyun import metadata
from diagnose.cloud.provider import ApiError, Dmi
from tests.support.aliyun_state import MetadataClient

ITEMS = {
    "instance-id": "i-example",
    "region-id": "cn-hangzhou",
    "private-ipv4": "172.16.0.10",
    "eipv4": "203.0.113.10",
    "ram/security-credentials/": "web",
    "ram/security-credentials/web": '{"AccessKeyId": "STS.id", "AccessKeySecret": "s",'
    ' "SecurityToken": "t", "Expiration": "2026-11-26T12:00:00Z"}',
}


@pytest.mark.parametrize("mode", ["hardened", "plain"])
def test_the_instance_with_a_token_and_without(mode: str) -> None:
    client = MetadataClient(items=ITEMS, mode=mode)
    instance = asyncio.run(metadata.detect(client, "aliyun-ecs"))
    assert instance is not None
    assert (instance.id, instance.region) == ("i-example", "cn-hangzhou")
    assert instance.public_addresses == ("203.0.113.10",)


def test_the_token_is_asked_for_first_and_nothing_of_a_role_is_read() -> None:
    client = MetadataClient(items=ITEMS)
    asyncio.run(metadata.detect(client, "aliyun-ecs"))
    assert client.mock.paths[0] == "/latest/api/token"
    assert not any("ram/" in path for path in client.mock.paths)


def test_a_service_that_is_switched_off_says_so() -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(metadata.detect(MetadataClient(items=ITEMS, mode="off"), "aliyun-ecs"))
    assert caught.value.kind == "forbidden"


def test_a_service_without_an_instance_is_another_one() -> None:
    assert asyncio.run(metadata.detect(MetadataClient(items={}), "aliyun-ecs")) is None


@pytest.mark.parametrize("value", ["<html>no</html>" * 99, "a b", "line\nline", "\x1b[31mred"])
def test_what_is_no_value_is_none(value: str) -> None:
    client = MetadataClient(items=ITEMS | {"instance-id": value})
    assert asyncio.run(metadata.detect(client, "aliyun-ecs")) is None


def test_the_credentials_of_the_role() -> None:
    credentials = asyncio.run(metadata.role_credentials(MetadataClient(items=ITEMS)))
    assert credentials is not None
    assert (credentials.key_id, credentials.token) == ("STS.id", "t")
    assert credentials.region == "cn-hangzhou"


def test_no_role_has_no_credentials() -> None:
    assert asyncio.run(metadata.role_credentials(MetadataClient(items={}))) is None


def test_the_firmware() -> None:
    assert metadata.is_on(Dmi(product_name="Alibaba Cloud ECS"))
    assert not metadata.is_on(Dmi("QEMU", "Standard PC"))
