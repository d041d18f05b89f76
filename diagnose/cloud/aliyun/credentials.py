"""Looks for Alibaba Cloud's credentials where the vendor's own tools do, in their order.

The environment, the profile of the `aliyun` program (~/.aliyun/config.json), the file of the SDKs
(~/.alibabacloud/credentials). The instance's role comes last, and only where the user asked.
Only keys that are written down are used: no role is assumed, no token renewed, no command run, no
address asked. A profile that needs this is named, with the way out.
Sources: alibabacloud_credentials, "Manage access credentials"; aliyun-cli, `config/profile.go`.
"""

import configparser
import json
import shlex
import time
from collections.abc import Mapping
from typing import Any

from diagnose.cloud import fields
from diagnose.cloud.provider import ApiError, Credentials, Profile

CLI_FILE = "~/.aliyun/config.json"
SDK_FILE = "~/.alibabacloud/credentials"
PLACES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", CLI_FILE, SDK_FILE)
REGION_VARIABLE = "ALIBABA_CLOUD_REGION_ID"

#: The program takes each of these, the SDKs the first.
_PREFIXES = ("ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_")

#: The modes of a profile that holds a key for good, and those for which the program writes a
#: temporary key into the profile, with its end (`sts_expiration`, Unix time in seconds).
_KEY_MODES, _RENEWED_MODES = {"AK", "StsToken"}, {"CloudSSO", "OAuth"}
_ROLE_MODE, _ASSUMED_MODE = "EcsRamRole", "RamRoleArn"
#: The names of other kinds in the file of the SDKs.
_SDK_KINDS = {
    "ecs_ram_role": _ROLE_MODE,
    "ram_role_arn": _ASSUMED_MODE,
    "oidc_role_arn": "OIDC",
    "credentials_uri": "CredentialsURI",
}
_MAX_SECRET = 8192


async def find_credentials(profile: Profile) -> Credentials | None:
    """Return the first credentials. Raise ApiError where a profile is of another kind, or its
    temporary key has ended."""
    credentials = (
        _from_environment(profile.environ)
        or _from_cli(await profile.read(CLI_FILE), profile.environ)
        or _from_sdk(await profile.read(SDK_FILE), profile.environ)
    )
    if credentials is None:
        _refuse_other_variables(profile.environ)
    return credentials


def _region(environ: Mapping[str, str], named: str = "") -> str:
    """Return the region: the environment's, which people set for one command, comes first."""
    return _variable(environ, "REGION_ID") or named


def _variable(environ: Mapping[str, str], name: str) -> str:
    return next(filter(None, (environ.get(prefix + name, "") for prefix in _PREFIXES)), "")


def _from_environment(environ: Mapping[str, str]) -> Credentials | None:
    key_id, secret = _variable(environ, "ACCESS_KEY_ID"), _variable(environ, "ACCESS_KEY_SECRET")
    if not (key_id and secret):
        return None
    source = next(name for prefix in _PREFIXES if environ.get(name := f"{prefix}ACCESS_KEY_ID", ""))
    token = _variable(environ, "SECURITY_TOKEN")
    return Credentials(key_id, secret, source, token, _region(environ))


def _refuse_other_variables(environ: Mapping[str, str]) -> None:
    """Raise ApiError where the environment leads to a key that is not written down."""
    for name, mode in (("OIDC_TOKEN_FILE", "OIDC"), ("CREDENTIALS_URI", "CredentialsURI")):
        variable = f"ALIBABA_CLOUD_{name}"
        if environ.get(variable):
            raise _unused(variable, mode)


def _from_cli(text: str, environ: Mapping[str, str]) -> Credentials | None:
    try:
        document = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    name = environ.get("ALIBABA_CLOUD_PROFILE") or fields.text(fields.member(document, "current"))
    profiles = fields.items(document, "profiles")
    chosen = [profile for profile in profiles if profile.get("name") == (name or "default")]
    if not chosen:
        return None
    profile_name = fields.text(chosen[0].get("name"))
    return _profile_credentials(chosen[0], f"{CLI_FILE}, profile {profile_name}", environ)


def _profile_credentials(
    values: Mapping[str, Any], source: str, environ: Mapping[str, str]
) -> Credentials | None:
    mode = fields.text(values.get("mode")) or _usual_mode(values)
    if mode in _RENEWED_MODES:
        _require_valid(values, source, mode)
    elif mode not in _KEY_MODES:
        raise _unused(source, mode)
    key_id, secret = _secret(values, "access_key_id"), _secret(values, "access_key_secret")
    if not (key_id and secret):
        return None
    # The program leaves an old token in a profile that is now one of a key.
    token = "" if mode == "AK" else _secret(values, "sts_token")
    region = _region(environ, fields.text(values.get("region_id")))
    return Credentials(key_id, secret, source, token, region)


def _usual_mode(values: Mapping[str, Any]) -> str:
    """Return the mode of a profile that names none, as the program tells it by its fields."""
    if values.get("sts_token"):
        return "StsToken"
    return _ASSUMED_MODE if values.get("ram_role_arn") else "AK"


def _require_valid(values: Mapping[str, Any], source: str, mode: str) -> None:
    """Raise ApiError where the temporary key of a login is not there, or has ended."""
    end = values.get("sts_expiration")
    is_valid = isinstance(end, int | float) and end > time.time()
    if is_valid and all(
        _secret(values, key) for key in ("access_key_id", "access_key_secret", "sts_token")
    ):
        return
    option = f"--profile {shlex.quote(fields.text(values.get('name')))}"
    raise ApiError(
        "credentials",
        f"{source} ({mode}) holds no temporary key that is still valid",
        way_out=f"`aliyun sts GetCallerIdentity {option}` renews it, and if the login has ended,"
        f" `aliyun configure {option}` logs in again; then try again",
    )


def _unused(source: str, mode: str) -> ApiError:
    """Return the error for a kind that is not used, with what to do instead."""
    return ApiError("credentials", source, code=mode, way_out=_WAYS_OUT.get(mode, _BY_VARIABLES))


_VARIABLES = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN"
)
_BY_VARIABLES = (
    "name a profile with a key of its own by ALIBABA_CLOUD_PROFILE, or set"
    " ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
)
_BY_ASSUMING = f"`aliyun sts AssumeRole` prints a temporary key of the role: set {_VARIABLES} to it"
_WAYS_OUT = {
    _ROLE_MODE: "on the instance itself, `--cloud-role` uses the key of its role",
    _ASSUMED_MODE: _BY_ASSUMING,
    "ChainableRamRoleArn": _BY_ASSUMING,
    "RamRoleArnWithRoleName": _BY_ASSUMING,
    "External": f"run its command yourself and set {_VARIABLES} to what it prints: diagnose runs"
    " no command of a configuration",
    "CredentialsURI": f"set {_VARIABLES} to what that address answers: diagnose asks no address of"
    " a configuration for a key",
    "OIDC": f"`aliyun sts AssumeRoleWithOIDC` prints a temporary key: set {_VARIABLES} to it",
}


def _secret(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) and len(value) <= _MAX_SECRET else ""


def _from_sdk(text: str, environ: Mapping[str, str]) -> Credentials | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    name = environ.get("ALIBABA_CLOUD_PROFILE") or "default"
    values = dict(parser[name]) if parser.has_section(name) else {}
    kind = values.get("type", "access_key")
    source = f"{SDK_FILE}, section {fields.text(name)}"
    if values and kind not in {"access_key", "sts"}:
        raise _unused(source, _SDK_KINDS.get(kind, fields.text(kind)))
    key_id, secret = _secret(values, "access_key_id"), _secret(values, "access_key_secret")
    if not (key_id and secret):
        return None
    token = _secret(values, "security_token")
    return Credentials(key_id, secret, source, token, _region(environ))
