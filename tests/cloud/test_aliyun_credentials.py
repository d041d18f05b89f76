"""Credentials: where they are credentials, in the vendor's order, and which kinds are refused."""

import asyncio
import json
from collections.abc import Mapping

import pytest

from diagnose.cloud.aliyun.credentials import CLI_FILE, SDK_FILE, find_credentials
from diagnose.cloud.provider import ApiError, Credentials, Profile

ENVIRON = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
}


def cli(mode: str = "AK", **more: str) -> str:
    values = {
        "name": "work", "mode": mode, "access_key_id": "cli-id", "access_key_secret": "cli-secret",
        "region_id": "cn-beijing",
    }  # fmt: skip
    return json.dumps({"current": "work", "profiles": [{"name": "default"}, values | more]})


SDK = "[default]\ntype = access_key\naccess_key_id = sdk-id\naccess_key_secret = sdk%secret\n"


def find(environ: Mapping[str, str], **files: str) -> Credentials | None:
    contents = {CLI_FILE: files.get("cli", ""), SDK_FILE: files.get("sdk", "")}

    async def read(path: str) -> str:
        return contents[path]

    return asyncio.run(find_credentials(Profile(environ, read)))


def test_the_environment_comes_first_then_the_program_then_the_sdk() -> None:
    results = [
        find(ENVIRON, cli=cli(), sdk=SDK),
        find({}, cli=cli(), sdk=SDK),
        find({}, sdk=SDK),
        find({}),
    ]
    assert [each and each.key_id for each in results] == ["env-id", "cli-id", "sdk-id", None]


def test_the_profile_brings_its_region_and_the_environment_overrides_it() -> None:
    credentials = find({}, cli=cli())
    assert credentials is not None
    assert (credentials.region, credentials.source) == (
        "cn-beijing",
        "~/.aliyun/config.json, profile work",
    )
    other = find({"ALIBABA_CLOUD_REGION_ID": "cn-shanghai"}, cli=cli())
    assert other is not None
    assert other.region == "cn-shanghai"


def test_a_session_token_comes_along() -> None:
    credentials = find({}, cli=cli("StsToken", sts_token="session"))
    assert credentials is not None
    assert credentials.token == "session"


@pytest.mark.parametrize("mode", ["EcsRamRole", "OAuth", "CloudSSO", "RamRoleArn", "External"])
def test_a_profile_of_another_kind_is_named_and_not_guessed(mode: str) -> None:
    with pytest.raises(ApiError) as caught:
        find({}, cli=cli(mode))
    assert (caught.value.kind, caught.value.code) == ("credentials", mode)


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"profiles": 3}', '{"profiles": [1, null]}', "[" * 9000, "\x00"]
)
def test_a_damaged_file_has_no_credentials(text: str) -> None:
    assert find({}, cli=text) is None
    assert find({}, sdk=text) is None


def test_half_of_a_key_is_none() -> None:
    assert find({"ALIBABA_CLOUD_ACCESS_KEY_ID": "only"}) is None
