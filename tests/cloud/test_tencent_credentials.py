"""Where Tencent's keys are looked for, and in which order."""

import asyncio
import json
from collections.abc import Mapping

import pytest

from diagnose.cloud.provider import ApiError, Credentials, Profile
from diagnose.cloud.tencent.credentials import find_credentials

INI = '[default]\nsecret_id = "AKIDini"\nsecret_key = "canaryini"\n'
CLI = json.dumps({"secretId": "AKIDcli", "secretKey": "canarycli"})


NO_FILES: Mapping[str, str] = {}


def profile(files: Mapping[str, str] = NO_FILES, /, **environ: str) -> Profile:
    async def read(path: str) -> str:
        return files.get(path, "")

    return Profile(environ, read)


def credentials(of_user: Profile) -> Credentials | None:
    return asyncio.run(find_credentials(of_user))


def key_of(of_user: Profile) -> Credentials:
    result = credentials(of_user)
    assert result is not None
    return result


def error(of_user: Profile) -> ApiError:
    with pytest.raises(ApiError) as caught:
        credentials(of_user)
    assert caught.value.kind == "credentials"
    assert "canary" not in f"{caught.value!r}{vars(caught.value)}"
    return caught.value


ENVIRONMENT = {"TENCENTCLOUD_SECRET_ID": "AKIDenv", "TENCENTCLOUD_SECRET_KEY": "canaryenv"}
INI_FILE, ETC_FILE = "~/.tencentcloud/credentials", "/etc/tencentcloud/credentials"
CLI_FILE = "~/.tccli/default.credential"


def test_nothing_is_there() -> None:
    assert credentials(profile()) is None


def test_the_order() -> None:
    files = {CLI_FILE: CLI}
    assert key_of(profile(files)).key_id == "AKIDcli"
    files[ETC_FILE] = INI.replace("AKIDini", "AKIDetc")
    assert key_of(profile(files)).key_id == "AKIDetc"
    files[INI_FILE] = INI
    key = key_of(profile(files))
    assert (key.key_id, key.secret, key.source) == ("AKIDini", "canaryini", INI_FILE)
    assert key_of(profile(files, **ENVIRONMENT)).source == "TENCENTCLOUD_SECRET_ID"


def test_a_token_of_the_environment() -> None:
    assert key_of(profile(**ENVIRONMENT, TENCENTCLOUD_TOKEN="t")).token == "t"
    assert key_of(profile(**ENVIRONMENT, TENCENTCLOUD_SESSION_TOKEN="t")).token == "t"
    assert key_of(profile(**ENVIRONMENT)).token == ""


def test_the_region() -> None:
    configure = {"_sys_param": {"region": "ap-shanghai"}}
    files = {CLI_FILE: CLI, "~/.tccli/default.configure": json.dumps(configure)}
    assert key_of(profile(files)).region == "ap-shanghai"
    assert key_of(profile(files, TENCENTCLOUD_REGION="ap-nanjing")).region == "ap-nanjing"
    assert key_of(profile(files, TENCENTCLOUD_REGION="$(reboot)")).region == ""
    files["~/.tccli/default.configure"] = '{"region": "ap-beijing"}'
    assert key_of(profile(files)).region == "ap-beijing"
    files["~/.tccli/default.configure"] = "nonsense"
    assert key_of(profile(files)).region == ""


def test_another_profile_of_the_command_line() -> None:
    files = {"~/.tccli/work.credential": CLI, CLI_FILE: "{}"}
    assert key_of(profile(files, TCCLI_PROFILE="work")).key_id == "AKIDcli"
    error(profile(files, TCCLI_PROFILE="../../etc/passwd"))


def test_a_login_by_a_browser_has_an_end() -> None:
    login = {"type": "oauth", "secretId": "AKID", "secretKey": "canary", "token": "t"}
    later = profile({CLI_FILE: json.dumps({**login, "expiresAt": 4_000_000_000})})
    assert key_of(later).token == "t"
    over = profile({CLI_FILE: json.dumps({**login, "expiresAt": 1_000_000_000})})
    assert "tccli auth login" in error(over).message


def test_a_role_is_read_only_when_it_is_asked_for() -> None:
    assert error(profile({CLI_FILE: '{"type": "cvm-role"}'})).code == "cvm-role"


@pytest.mark.parametrize(
    "files",
    [
        {INI_FILE: "[default]\nsecret_id = AKID\n"},
        {INI_FILE: "[other]\nsecret_id = AKID\nsecret_key = canary\n"},
        {INI_FILE: "no section"},
        {INI_FILE: "[default]\nsecret_id = AKID\nsecret_key = canary key\n"},
        {CLI_FILE: "nonsense"},
        {CLI_FILE: "[]"},
        {CLI_FILE: '{"secretId": 7, "secretKey": []}'},
        {CLI_FILE: json.dumps({"secretId": "AKID,x", "secretKey": "canary"})},
        {CLI_FILE: json.dumps({"secretId": "AKID", "secretKey": "canary\r\nHost: x"})},
        {CLI_FILE: "[" * 100_000},
    ],
)
def test_a_source_that_is_there_and_wrong_ends_the_search(files: dict[str, str]) -> None:
    (path,) = files
    assert path in error(profile(files)).message


def test_half_a_key_in_the_environment() -> None:
    error(profile({CLI_FILE: CLI}, TENCENTCLOUD_SECRET_ID="AKID"))
