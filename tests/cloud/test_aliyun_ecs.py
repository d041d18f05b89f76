"""Alibaba Cloud ECS against a mock of its API that verifies the signatures."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from diagnose.cloud.aliyun import api
from diagnose.cloud.aliyun.ecs import AliyunEcs
from diagnose.cloud.evaluation import Flow, evaluate
from diagnose.cloud.provider import ApiError, Credentials
from diagnose.model.cloud import CloudInstance, RuleSet
from tests.support.aliyun_mock import KEY_ID, SECRET
from tests.support.aliyun_state import (
    CONSOLE_DEFAULT,
    CREDENTIALS,
    INSTANCE,
    PRIVATE,
    PUBLIC,
    REGION,
    MockClient,
    rule,
    state,
)

ECS = AliyunEcs()


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "RETRY_WAIT", 0)


WHERE = CloudInstance("aliyun-ecs", REGION, INSTANCE, private_address=PRIVATE)


def fetch(
    answers: Mapping[str, Any], credentials: Credentials = CREDENTIALS
) -> tuple[CloudInstance, RuleSet, MockClient]:
    client = MockClient(answers)
    instance, rules = asyncio.run(ECS.fetch(WHERE, credentials, client))
    return instance, rules, client


def refusal(answers: Mapping[str, Any], credentials: Credentials = CREDENTIALS) -> ApiError:
    with pytest.raises(ApiError) as caught:
        fetch(answers, credentials)
    return caught.value


def test_the_consoles_default_group_does_not_admit_443() -> None:
    instance, rules, _ = fetch(state(*CONSOLE_DEFAULT))
    verdict = evaluate(rules, Flow(443))
    assert (verdict.status, verdict.by) == ("deny", ("default",))
    assert instance.public_addresses == (PUBLIC,)
    assert instance.interface == "eni-1"
    assert [group.id for group in rules.groups] == ["sg-web"]


def test_only_actions_that_read_are_called() -> None:
    answers = state(
        rule("pl", "443/443", SourceCidrIp="", SourcePrefixListId="pl-1"),
        prefix_lists={"pl-1": ["198.51.100.0/24"]},
        switches={"vsw-1": "nacl-1"},
        acls={"nacl-1": {"IngressAclEntries": {"IngressAclEntry": []}}},
    )
    _, rules, client = fetch(answers)
    assert set(client.mock.actions) <= set(api.ACTIONS)
    assert evaluate(rules, Flow(443, "198.51.100.7")).layers[0].status == "allow"
    assert all(action.startswith(("Describe", "List")) for action in api.ACTIONS)


def test_an_action_that_is_not_listed_is_never_sent() -> None:
    client = MockClient(state())
    with pytest.raises(KeyError):
        asyncio.run(api.AliyunApi(REGION, CREDENTIALS, client).call("AuthorizeSecurityGroup"))
    assert client.mock.actions == []


def test_rules_on_later_pages_count() -> None:
    many = [rule(f"r{number}", f"{number}/{number}") for number in range(1000, 1030)]
    _, rules, client = fetch(state(*many, rule("ok", "443/443"), page_size=7))
    assert evaluate(rules, Flow(443)).by == ("ok",)
    assert client.mock.actions.count("DescribeSecurityGroupAttribute") == 5


def test_pages_without_an_end_are_an_error() -> None:
    assert refusal(state(rule("ok", "443/443"), endless=True)).kind == "endless"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "Forbidden.RAM", "forbidden"),
        (403, "NoPermission", "forbidden"),
        (400, "InvalidParameter", "rejected"),
        (400, "Throttling.User", "throttled"),
        (503, "ServiceUnavailable", "throttled"),
        (400, "InvalidTimeStamp.Expired", "clock"),
        (400, "SignatureDoesNotMatch", "rejected"),
        (404, "InvalidInstanceId.NotFound", "missing"),
    ],
)
def test_each_refusal_has_its_kind(status: int, code: str, kind: str) -> None:
    error = refusal(state(errors={"DescribeNetworkInterfaces": [status, code, 9]}))
    assert (error.kind, error.code) == (kind, code)
    assert error.action == "ecs:DescribeNetworkInterfaces"


def test_a_refusal_for_want_of_a_permission_names_the_smallest_policy() -> None:
    error = refusal(state(errors={"DescribeNetworkInterfaces": [403, "Forbidden.RAM", 9]}))
    assert "ecs:DescribeSecurityGroupAttribute" in error.allow
    assert "vpc:DescribeNetworkAclAttributes" in error.allow
    assert all(action.partition(":")[2].startswith("Describe") for action in error.allow)


def test_too_many_calls_are_tried_once_more() -> None:
    error = {"DescribeNetworkInterfaces": [400, "Throttling.User", 1]}
    _, rules, client = fetch(state(rule("ok", "443/443"), errors=error))
    assert evaluate(rules, Flow(443)).status == "allow"
    assert client.mock.actions.count("DescribeNetworkInterfaces") == 2


def test_a_wrong_clock_is_named() -> None:
    assert refusal(state(clock=-7200)).kind == "clock"


def test_a_wrong_secret_is_rejected_and_never_repeated() -> None:
    wrong = Credentials(KEY_ID, "wrong-canary", "a test", "token-canary", REGION)
    error = refusal(state(), wrong)
    assert error.kind == "rejected"
    assert "canary" not in f"{error} {error.message} {error.code}"


def test_an_error_that_repeats_what_was_signed_is_not_passed_on() -> None:
    session = Credentials(KEY_ID, SECRET, "a test", "token-canary", REGION)
    error = refusal(state(errors={"DescribeNetworkInterfaces": [400, "Weird", 9]}), session)
    assert error.code == "Weird"
    assert "canary" not in error.message
    assert KEY_ID not in error.message


def test_an_instance_that_the_service_does_not_have() -> None:
    assert refusal(state() | {"interfaces": []}).kind == "missing"


@pytest.mark.parametrize("region", ["", "evil.example/x", "cn-hangzhou.evil", "A" * 300, "cn_x"])
def test_a_region_is_part_of_no_other_host(region: str) -> None:
    with pytest.raises(ApiError) as caught:
        api.AliyunApi(region, CREDENTIALS, MockClient(state()))
    assert caught.value.kind == "missing"


@pytest.mark.parametrize(
    ("product", "region", "host"),
    [
        ("ecs", "cn-hangzhou", "ecs-cn-hangzhou.aliyuncs.com"),
        ("vpc", "cn-hangzhou", "vpc.aliyuncs.com"),
        ("swas", "cn-hangzhou", "swas.cn-hangzhou.aliyuncs.com"),
        ("ecs", "eu-central-1", "ecs.eu-central-1.aliyuncs.com"),
    ],
)
def test_the_host_of_an_api(product: str, region: str, host: str) -> None:
    assert api.endpoint(product, region) == host


def test_an_acl_that_may_not_be_read_leaves_an_open_port_unknown() -> None:
    answers = state(
        rule("ok", "443/443"),
        switches={"vsw-1": "nacl-1"},
        errors={"DescribeNetworkAclAttributes": [403, "Forbidden.RAM", 9]},
    )
    _, rules, _ = fetch(answers)
    assert evaluate(rules, Flow(443)).status == "unknown"
    assert evaluate(rules, Flow(80)).status == "deny"


def test_the_groups_of_the_interface_with_the_address_count() -> None:
    answers = state(rule("ok", "443/443"))
    other = answers["interfaces"][0] | {
        "NetworkInterfaceId": "eni-2",
        "Type": "Secondary",
        "PrivateIpAddress": "172.16.0.11",
        "AssociatedPublicIp": {"PublicIpAddress": "203.0.113.11"},
        "SecurityGroupIds": {"SecurityGroupId": ["sg-closed"]},
    }
    answers["interfaces"].insert(0, other)
    answers["groups"]["sg-closed"] = {"Permissions": []}
    assert fetch(answers)[0].groups == ("sg-web",)


def test_an_instance_is_found_by_its_elastic_address() -> None:
    located = asyncio.run(ECS.locate(PUBLIC, CREDENTIALS, MockClient(state())))
    assert located is not None
    assert (located.id, located.region, located.private_address) == (INSTANCE, REGION, PRIVATE)


def test_an_instance_is_found_by_its_own_and_by_its_ipv6_address() -> None:
    answers = state() | {
        "instances": [{"id": "i-2", "public": "203.0.113.9", "ipv6": "2001:db8::9"}]
    }
    for address in ("203.0.113.9", "2001:db8::9"):
        located = asyncio.run(ECS.locate(address, CREDENTIALS, MockClient(answers)))
        assert located is not None
        assert located.id == "i-2"


def test_an_address_of_somebody_else_is_not_found() -> None:
    assert asyncio.run(ECS.locate("203.0.113.99", CREDENTIALS, MockClient(state()))) is None


def test_groups_that_are_not_attached_come_with_their_rules() -> None:
    answers = state(*CONSOLE_DEFAULT)
    answers["groups"]["sg-https"] = {"name": "https", "Permissions": [rule("ok", "443/443")]}
    answers["groups"]["sg-far"] = {"network": "vpc-2", "Permissions": [rule("ok", "443/443")]}
    instance, _, client = fetch(answers)
    (group,) = asyncio.run(ECS.other_groups(instance, CREDENTIALS, client))
    assert (group.id, group.name, group.rules[0].id) == ("sg-https", "https", "ok")


def test_a_group_of_a_service_is_marked() -> None:
    answers = state(*CONSOLE_DEFAULT)
    answers["groups"]["sg-web"]["owner"] = 1234
    assert fetch(answers)[1].groups[0].managed_by == "1234"
