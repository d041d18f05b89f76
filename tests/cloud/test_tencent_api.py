"""Calls of Tencent's API: pages, failures, and what is never sent or shown."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse, Credentials
from diagnose.cloud.tencent.api import ALLOWED, TencentApi, filtered
from tests.support.fake_tencent import KEY_ID, SECRET, TOKEN, FakeTencent, failure, timeout

KEY = Credentials(KEY_ID, SECRET, "a test", TOKEN, "ap-guangzhou")
RULES = "lighthouse:DescribeFirewallRules"


class Pauses(list[float]):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def api(fake: FakeTencent, key: Credentials = KEY, **settings: Any) -> TencentApi:
    return TencentApi(fake, key, "ap-guangzhou", **{"pause": Pauses(), **settings})


def rules_of(of_account: TencentApi) -> list[Any]:
    return asyncio.run(of_account.pages(RULES, {"InstanceId": "lhins-1"}, "FirewallRuleSet"))


def error_of(of_account: TencentApi) -> ApiError:
    with pytest.raises(ApiError) as caught:
        rules_of(of_account)
    return caught.value


def test_signed_calls_are_accepted() -> None:
    fake = FakeTencent()
    fake.rows[RULES] = [{"Port": "443"}]
    assert rules_of(api(fake)) == [{"Port": "443"}]
    assert fake.regions == {"ap-guangzhou"}


@pytest.mark.parametrize("without_total", [False, True])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_all_pages_are_read(count: int, without_total: bool) -> None:
    fake = FakeTencent()
    fake.rows[RULES] = [{"Port": str(number)} for number in range(count)]
    fake.without_total = without_total
    assert rules_of(api(fake)) == fake.rows[RULES]


def test_smaller_pages_than_asked_for_are_read_by_their_total() -> None:
    fake = FakeTencent()
    fake.rows[RULES] = [{"Port": str(number)} for number in range(45)]
    fake.page_limit = 20
    assert rules_of(api(fake)) == fake.rows[RULES]


def test_pages_without_an_end() -> None:
    fake = FakeTencent()
    fake.rows[RULES] = [{"Port": "1"}] * 3_001
    error = error_of(api(fake))
    assert (error.kind, error.action) == ("endless", RULES)
    assert len(fake.calls) == 30


def test_a_total_that_is_never_reached_ends_with_an_empty_page() -> None:
    def page(request: ApiRequest) -> ApiResponse:
        return ApiResponse(200, body=b'{"Response":{"FirewallRuleSet":[],"TotalCount":9}}')

    fake = FakeTencent()
    fake.failures = [page]
    assert rules_of(api(fake)) == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure.SecretIdNotFound", "rejected"),
        ("AuthFailure.SignatureFailure", "rejected"),
        ("AuthFailure.TokenFailure", "rejected"),
        ("AuthFailure.SignatureExpire", "clock"),
        ("AuthFailure.UnauthorizedOperation", "forbidden"),
        ("UnauthorizedOperation.CamNoAuth", "forbidden"),
        ("ResourceNotFound", "missing"),
        ("InvalidInstanceId.NotFound", "missing"),
        ("InternalError", "unreachable"),
        ("UnsupportedRegion", "invalid"),
        ("", "invalid"),
    ],
)
def test_what_an_error_means(code: str, kind: str) -> None:
    fake = FakeTencent()
    fake.failures = [lambda _: failure(code, "the vendor's words")]
    error = error_of(api(fake))
    assert (error.kind, error.code, error.action) == (kind, code, RULES)
    assert error.allow == ((RULES,) if kind == "forbidden" else ())


def test_a_missing_permission_is_named_as_the_message_names_it() -> None:
    fake = FakeTencent()
    words = "you are not authorized to perform operation (cvm:DescribeSecurityGroupPolicies)"
    fake.failures = [lambda _: failure("UnauthorizedOperation", words)]
    assert error_of(api(fake)).allow == ("cvm:DescribeSecurityGroupPolicies",)


def test_too_many_calls_are_tried_once_more() -> None:
    fake = FakeTencent()
    pauses = Pauses()
    fake.rows[RULES] = [{}]
    fake.failures = [lambda _: failure("RequestLimitExceeded")]
    assert rules_of(api(fake, pause=pauses)) == [{}]
    assert pauses == [1.0]
    fake.failures = [lambda _: failure("RequestLimitExceeded.UinLimitExceeded")] * 2
    assert error_of(api(fake)).kind == "throttled"
    assert not fake.failures


def test_a_wrong_clock_is_a_cause_of_its_own() -> None:
    fake = FakeTencent(now=1_700_000_000)
    assert rules_of(api(fake, clock=lambda: 1_700_000_299)) == []
    assert error_of(api(fake, clock=lambda: 1_700_000_301)).kind == "clock"


def test_a_wrong_key_is_rejected_and_not_shown() -> None:
    wrong = Credentials(KEY_ID, "canarywrong", "a test")
    error = error_of(api(FakeTencent(), wrong))
    assert (error.kind, error.code) == ("rejected", "AuthFailure.SignatureFailure")
    error = error_of(api(FakeTencent(), Credentials("AKIDother", SECRET, "a test")))
    assert error.code == "AuthFailure.SecretIdNotFound"


def test_no_answer() -> None:
    fake = FakeTencent()
    fake.failures = [timeout]
    assert error_of(api(fake)).kind == "timeout"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>login</html>", "invalid"),
        (200, b"", "invalid"),
        (200, b"[]", "invalid"),
        (200, b'{"Response": 7}', "invalid"),
        (200, b'{"Response": {}}', "invalid"),
        (200, b'{"Response": {"FirewallRuleSet": {}}}', "invalid"),
        (200, b'{"Response": {"Error": null}}', "invalid"),
        (200, b'{"Response": {"Error": {"Code": {}, "Message": []}}}', "invalid"),
        (200, b"[" * 200_000, "invalid"),
        (200, b"\xff\xfe", "invalid"),
        (302, b"", "invalid"),
        (502, b"Bad Gateway", "unreachable"),
    ],
)
def test_nonsense(status: int, body: bytes, kind: str) -> None:
    fake = FakeTencent()
    fake.failures = [lambda _: ApiResponse(status, body=body)]
    assert error_of(api(fake)).kind == kind


def test_only_calls_that_read_are_made() -> None:
    assert all(action.partition(":")[2].startswith("Describe") for action in ALLOWED)
    fake = FakeTencent()
    for action in ("vpc:CreateSecurityGroupPolicies", "cam:ListUsers", "DescribeSubnets"):
        with pytest.raises(ValueError, match="only read"):
            asyncio.run(api(fake).call(action, {}))
    assert not fake.calls


def echo(request: ApiRequest) -> ApiResponse:
    """An error that repeats all that was sent, as some gateways do."""
    return failure("AuthFailure", f"{request.headers} {request.body!r} {SECRET} {TOKEN} {KEY_ID}")


@pytest.mark.parametrize("answer", [echo, timeout])
def test_no_secret_is_in_an_error(answer: Callable[[ApiRequest], ApiResponse]) -> None:
    fake = FakeTencent()
    fake.failures = [answer]
    error = error_of(api(fake))
    shown = f"{error!r} {error} {vars(error)} {KEY!r} {api(fake)!r}"
    assert "canary" not in shown


def test_the_secret_key_is_not_sent() -> None:
    sent: list[ApiRequest] = []

    def record(request: ApiRequest) -> ApiResponse:
        sent.append(request)
        return failure("InternalError")

    fake = FakeTencent()
    fake.failures = [record]
    error_of(api(fake))
    assert SECRET not in repr(sent)
    assert sent[0].url == "https://lighthouse.tencentcloudapi.com/"


def test_a_filter() -> None:
    assert filtered("a", "b") == {"Filters": [{"Name": "a", "Values": ["b"]}]}
