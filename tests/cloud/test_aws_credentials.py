"""Where AWS' keys are looked for, in which order, and what is refused."""

import asyncio
from collections.abc import Mapping

import pytest

from diagnose.cloud.aws.credentials import (
    CONFIG_FILE,
    CREDENTIALS_FILE,
    ProfileCredentials,
    find_credentials,
)
from diagnose.cloud.provider import ApiError, Credentials, Profile

NO_FILES: Mapping[str, str] = {}
KEYS = "[default]\naws_access_key_id = AKIAfile\naws_secret_access_key = canaryfile\n"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIAenv", "AWS_SECRET_ACCESS_KEY": "canaryenv"}


def profile(files: Mapping[str, str] = NO_FILES, /, **environ: str) -> Profile:
    async def read(path: str) -> str:
        return files.get(path, "")

    return Profile(environ, read)


def key_of(of_user: Profile) -> Credentials:
    key = asyncio.run(find_credentials(of_user))
    assert key is not None
    assert "canary" not in repr(key)
    return key


def error(of_user: Profile) -> ApiError:
    with pytest.raises(ApiError) as caught:
        asyncio.run(find_credentials(of_user))
    assert caught.value.kind == "credentials"
    assert "canary" not in f"{caught.value!r}{vars(caught.value)}"
    return caught.value


def test_nothing_is_there() -> None:
    assert asyncio.run(find_credentials(profile())) is None
    assert asyncio.run(find_credentials(profile({CREDENTIALS_FILE: KEYS}, AWS_PROFILE="x"))) is None


def test_the_environment_comes_first() -> None:
    files = {CREDENTIALS_FILE: KEYS}
    key = key_of(profile(files))
    assert (key.key_id, key.secret) == ("AKIAfile", "canaryfile")
    assert key.source == "~/.aws/credentials, profile default"
    assert key_of(profile(files, **ENVIRONMENT)).key_id == "AKIAenv"
    assert key_of(profile(files, **ENVIRONMENT, AWS_SESSION_TOKEN="t")).token == "t"


def test_a_named_profile_in_other_files() -> None:
    keys = "[work]\naws_access_key_id = AKIAwork\naws_secret_access_key = canarywork\n"
    files = {"/keys": keys, "/settings": "[profile work]\nregion = eu-west-1\n"}
    environ = {"AWS_SHARED_CREDENTIALS_FILE": "/keys", "AWS_CONFIG_FILE": "/settings"}
    key = key_of(profile(files, AWS_PROFILE="work", **environ))
    assert (key.key_id, key.region) == ("AKIAwork", "eu-west-1")


def test_the_region() -> None:
    files = {CREDENTIALS_FILE: KEYS, CONFIG_FILE: "[default]\nregion = eu-west-1\n"}
    assert key_of(profile(files)).region == "eu-west-1"
    assert key_of(profile(files, AWS_DEFAULT_REGION="us-east-2")).region == "us-east-2"
    both = {"AWS_DEFAULT_REGION": "us-east-2", "AWS_REGION": "us-gov-west-1"}
    assert key_of(profile(files, **both)).region == "us-gov-west-1"
    assert key_of(profile(files, AWS_REGION="$(reboot)")).region == ""


@pytest.mark.parametrize(
    "settings",
    [
        "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n[profile base]\n",
        "[default]\nsso_session = work\nsso_account_id = 1\nsso_role_name = x\n",
        "[default]\nsso_start_url = https://x\nsso_region = us-east-1\n",
    ],
)
def test_a_role_or_a_login_is_left_to_boto3(settings: str) -> None:
    key = key_of(profile({CREDENTIALS_FILE: KEYS, CONFIG_FILE: settings}, AWS_REGION="us-east-1"))
    assert isinstance(key, ProfileCredentials)
    assert (key.profile, key.secret, key.region) == ("default", "", "us-east-1")


ROLE = "[default]\nrole_arn = arn:aws:iam::1:role/x\n"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("[default]\ncredential_process = /bin/canary\n", "credential_process"),
        (f"{ROLE}mfa_serial = arn:x\nsource_profile = base\n", "mfa_serial"),
        (f"{ROLE}credential_source = Ec2InstanceMetadata\n", "credential_source"),
        (f"{ROLE}web_identity_token_file = /token\n", "web_identity_token_file"),
        (f"{ROLE}source_profile = base\n[profile base]\ncredential_process = x\n",
         "credential_process"),
        (f"{ROLE}source_profile = base\n[profile base]\nrole_arn = x\ncredential_source = "
         "EcsContainer\n", "credential_source"),
        (f"{ROLE}source_profile = a\n[profile a]\nrole_arn = x\nsource_profile = b\n"
         "[profile b]\nrole_arn = x\nsource_profile = a\n", "source_profile"),
        ("[default]\nlogin_session = arn:x\n", "login_session"),
    ],
)  # fmt: skip
def test_what_starts_programs_or_asks_people_is_refused(settings: str, code: str) -> None:
    refused = error(profile({CONFIG_FILE: settings}))
    assert refused.code == code


def test_the_way_out_of_a_program_is_named() -> None:
    refused = error(profile({CONFIG_FILE: "[default]\ncredential_process = x\n"}))
    assert "aws configure export-credentials" in refused.message


@pytest.mark.parametrize(
    "content",
    [
        "no section",
        "[default]\naws_access_key_id = AKIA\n",
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = canary key\n",
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = canar\u00fd\n",
    ],
)
def test_a_file_that_is_wrong(content: str) -> None:
    assert CREDENTIALS_FILE in error(profile({CREDENTIALS_FILE: content})).message


def test_half_a_key_in_the_environment() -> None:
    error(profile(AWS_ACCESS_KEY_ID="AKIA"))
