"""Credentials: where they are credentials, in the vendor's order, and which kinds are refused."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from diagnose.cloud.aliyun.credentials import CLI_FILE, SDK_FILE, find_credentials
from diagnose.cloud.provider import ApiError, Credentials, Profile

ENVIRON = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
}


def cli(mode: str = "AK", **fields: Any) -> str:
    values = {
        "name": "work", "mode": mode, "access_key_id": "cli-id", "access_key_secret": "cli-secret",
        "region_id": "cn-beijing",
    }  # fmt: skip
    values |= fields
    profiles = [{"name": "default"}, values]
    return json.dumps({"current": values["name"], "profiles": profiles})


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
    assert [result and result.key_id for result in results] == ["env-id", "cli-id", "sdk-id", None]


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


def test_an_old_token_in_a_profile_of_a_key_is_not_sent() -> None:
    credentials = find({}, cli=cli("AK", sts_token="old"))
    assert credentials is not None
    assert credentials.token == ""


def test_the_variables_of_the_program_count_too() -> None:
    environ = {name.replace("ALIBABA_CLOUD", "ALICLOUD"): value for name, value in ENVIRON.items()}
    credentials = find(environ)
    assert credentials is not None
    assert (credentials.key_id, credentials.source) == ("env-id", "ALICLOUD_ACCESS_KEY_ID")


OTHER_KINDS = {
    "EcsRamRole": "--cloud-role",
    "RamRoleArn": "aliyun sts AssumeRole",
    "ChainableRamRoleArn": "aliyun sts AssumeRole",
    "RamRoleArnWithRoleName": "aliyun sts AssumeRole",
    "External": "run its command yourself",
    "CredentialsURI": "what that address answers",
    "OIDC": "AssumeRoleWithOIDC",
    "RsaKeyPair": "ALIBABA_CLOUD_PROFILE",
    "BearerToken": "ALIBABA_CLOUD_PROFILE",
    "Anonymous": "ALIBABA_CLOUD_PROFILE",
    "a kind of tomorrow": "ALIBABA_CLOUD_PROFILE",
}


@pytest.mark.parametrize("mode", OTHER_KINDS)
def test_a_profile_of_another_kind_is_named_with_the_way_out(mode: str) -> None:
    with pytest.raises(ApiError) as caught:
        find({}, cli=cli(mode))
    assert (caught.value.kind, caught.value.code) == ("credentials", mode)
    assert OTHER_KINDS[mode] in caught.value.way_out


def test_a_role_of_a_profile_without_a_mode_is_not_taken_for_its_key() -> None:
    with pytest.raises(ApiError) as caught:
        find({}, cli=cli("", ram_role_arn="acs:ram::1:role/reader"))
    assert caught.value.code == "RamRoleArn"


LOGINS = ("OAuth", "CloudSSO")


@pytest.mark.parametrize("mode", LOGINS)
def test_the_temporary_key_of_a_login_is_used_while_it_is_valid(mode: str) -> None:
    end = time.time() + 60
    credentials = find({}, cli=cli(mode, sts_token="session", sts_expiration=end))
    assert credentials is not None
    assert (credentials.key_id, credentials.token) == ("cli-id", "session")


@pytest.mark.parametrize("mode", LOGINS)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"sts_token": "session"},
        {"sts_token": "session", "sts_expiration": 1_600_000_000},
        {"sts_token": "session", "sts_expiration": "tomorrow"},
        {"sts_token": "session", "sts_expiration": True},
        {"sts_expiration": 9_999_999_999},
        {"sts_token": "session", "sts_expiration": 9_999_999_999, "access_key_secret": ""},
    ],
)
def test_a_login_whose_key_has_ended_says_how_to_renew_it(mode: str, more: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        find({}, cli=cli(mode, name="my work", **more))
    assert caught.value.kind == "credentials"
    assert f"({mode})" in caught.value.message
    assert "aliyun sts GetCallerIdentity --profile 'my work'" in caught.value.way_out


@pytest.mark.parametrize(
    ("kind", "mode"), [("ecs_ram_role", "EcsRamRole"), ("ram_role_arn", "RamRoleArn"),
                       ("oidc_role_arn", "OIDC"), ("rsa_key_pair", "rsa_key_pair")],
)  # fmt: skip
def test_another_kind_in_the_file_of_the_sdks(kind: str, mode: str) -> None:
    with pytest.raises(ApiError) as caught:
        find({}, sdk=f"[default]\ntype = {kind}\nprivate_key_file = /k\n")
    assert caught.value.code == mode
    assert caught.value.way_out


@pytest.mark.parametrize("name", ["OIDC_TOKEN_FILE", "CREDENTIALS_URI"])
def test_a_variable_that_leads_to_a_key_is_named_where_nothing_else_is_there(name: str) -> None:
    environ = {f"ALIBABA_CLOUD_{name}": "http://127.0.0.1/canary"}
    with pytest.raises(ApiError) as caught:
        find(environ)
    assert caught.value.message == f"ALIBABA_CLOUD_{name}"
    assert "canary" not in caught.value.way_out
    assert find(environ, sdk=SDK) is not None


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"profiles": 3}', '{"profiles": [1, null]}', "[" * 9000, "\x00"]
)
def test_a_damaged_file_has_no_credentials(text: str) -> None:
    assert find({}, cli=text) is None
    assert find({}, sdk=text) is None


def test_half_of_a_key_is_none() -> None:
    assert find({"ALIBABA_CLOUD_ACCESS_KEY_ID": "only"}) is None
