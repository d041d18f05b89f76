"""Alibaba Cloud's Simple Application Server against the mock of its API."""

import asyncio

import pytest

from diagnose.cloud.aliyun.swas import AliyunSwas
from diagnose.cloud.evaluation import Flow, evaluate
from diagnose.cloud.provider import ApiError
from tests.support.aliyun_state import CREDENTIALS, PUBLIC, MockClient

SWAS = AliyunSwas()


def server(*ports: str) -> dict[str, object]:
    rules = [
        {"RuleId": f"f{port}", "RuleProtocol": "TCP", "Port": port, "SourceCidrIp": "0.0.0.0/0"}
        for port in ports
    ]
    return {"swas": [{"id": "swas-1", "public": PUBLIC, "private": "172.26.0.5", "rules": rules}]}


def test_a_server_is_found_by_its_address_and_its_firewall_is_read() -> None:
    client = MockClient(server("22", "80", "443"))
    instance = asyncio.run(SWAS.locate(PUBLIC, CREDENTIALS, client))
    assert instance is not None
    assert instance.id == "swas-1"
    _, rules = asyncio.run(SWAS.fetch(instance, CREDENTIALS, client))
    assert evaluate(rules, Flow(443)).by == ("f443",)
    assert evaluate(rules, Flow(8443)).status == "deny"


def test_rules_on_later_pages_count() -> None:
    ports = [str(port) for port in range(1000, 1025)]
    client = MockClient(server(*ports, "443") | {"page_size": 10})
    instance = asyncio.run(SWAS.locate(PUBLIC, CREDENTIALS, client))
    assert instance is not None
    _, rules = asyncio.run(SWAS.fetch(instance, CREDENTIALS, client))
    assert evaluate(rules, Flow(443)).by == ("f443",)


def test_pages_without_an_end_are_an_error() -> None:
    client = MockClient(server("22") | {"endless": True})
    instance = asyncio.run(SWAS.locate(PUBLIC, CREDENTIALS, client))
    assert instance is not None
    with pytest.raises(ApiError) as caught:
        asyncio.run(SWAS.fetch(instance, CREDENTIALS, client))
    assert caught.value.kind == "endless"


def test_an_address_of_somebody_else_is_not_found() -> None:
    assert asyncio.run(SWAS.locate("203.0.113.99", CREDENTIALS, MockClient(server()))) is None
