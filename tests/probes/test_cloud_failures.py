"""Whatever an API does instead of an answer ends as unknown, with a way out, at each provider."""

import importlib.util
from collections.abc import Callable
from typing import get_args

import pytest

from diagnose.cloud import registry
from diagnose.cloud.provider import ApiError, ApiErrorKind, ApiRequest, ApiResponse
from diagnose.model import Unseen
from diagnose.model.cloud import CloudRules
from diagnose.probes.cloud_failures import explanation, no_credentials
from diagnose.probes.cloud_rules import SUBJECT
from tests.probes.test_cloud_providers import AWS_KEYS, TENCENT_KEYS, Nobody, look, recording_of

ALIYUN_KEYS = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIcanary",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "canarysecret",
    "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
}
KEYS = {"aliyun": ALIYUN_KEYS, "tencent": TENCENT_KEYS, "aws": AWS_KEYS}


class Faulty:
    """A client that does the same to every request."""

    def __init__(self, answer: Callable[[ApiRequest], ApiResponse]) -> None:
        self.answer = answer

    async def send(self, request: ApiRequest) -> ApiResponse:
        return self.answer(request)


def raising(kind: ApiErrorKind, message: str = "") -> Callable[[ApiRequest], ApiResponse]:
    def answer(request: ApiRequest) -> ApiResponse:
        raise ApiError(kind, message)

    return answer


def echo(request: ApiRequest) -> ApiResponse:
    """Everything that was signed comes back, as a hostile server would send it."""
    return ApiResponse(200, body=repr((request.url, request.headers, request.body)).encode())


FAULTS: dict[str, tuple[Callable[[ApiRequest], ApiResponse], str]] = {
    "timeout": (raising("timeout"), "try again"),
    "unreachable": (raising("unreachable", "no route"), "way to it"),
    "cut off": (raising("invalid", "too long"), "console"),
    "a page of a proxy": (lambda _: ApiResponse(200, body=b"<html>log in</html>"), "console"),
    "bytes": (lambda _: ApiResponse(200, body=b"\xff\xfe\x00"), "console"),
    "deep": (lambda _: ApiResponse(200, body=b"[" * 9000), "console"),
    "nothing": (lambda _: ApiResponse(200), "console"),
    "another document": (lambda _: ApiResponse(200, body=b'{"a": 1}'), "console"),
    "an error without words": (lambda _: ApiResponse(500, body=b"<html>"), "console"),
    "echo": (echo, "console"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vendor", KEYS)
def test_what_is_no_answer_is_unknown_with_a_way_out(
    vendor: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if vendor == "aws" and not importlib.util.find_spec("boto3"):
        pytest.skip("boto3 is not installed")
    answer, words = FAULTS[fault]
    looking = look(monkeypatch, "", Nobody(), Faulty(answer), KEYS[vendor])
    assert looking.observed(CloudRules) == ()
    unread = [unseen for unseen in looking.observed(Unseen) if unseen.what == SUBJECT]
    assert any(words in unseen.why for unseen in unread), unread
    assert "canary" not in recording_of(looking).lower()


@pytest.mark.parametrize("kind", get_args(ApiErrorKind))
@pytest.mark.parametrize("name", registry.OWN)
def test_each_kind_of_failure_has_words_and_a_way_out(name: str, kind: ApiErrorKind) -> None:
    provider = registry.provider(name)
    assert provider is not None
    error = ApiError(kind, "its words", code="Odd", action="x:Describe", allow=("x:Describe",))
    text = explanation(provider, error, "203.0.113.10")
    assert provider.title in text.reason or kind == "extra"
    ways_out = ("allow these actions", "set ", "correct", "wait", "console", "does not know")
    assert text.enable or kind == "extra" or any(way in text.reason for way in ways_out)


def test_without_credentials_the_places_and_the_command_are_named() -> None:
    providers = registry.own_providers()
    text = no_credentials("three clouds", providers)
    assert all(
        place in text.reason for provider in providers for place in provider.credential_places
    )
    assert text.enable == "aliyun configure"
