"""Looks for Alibaba Cloud's credentials where the vendor's own tools do, in their order.

The environment, the profile of the `aliyun` program (~/.aliyun/config.json), the file of the SDKs
(~/.alibabacloud/credentials). The instance's role comes last, and only where the user asked.
Source: alibabacloud_credentials, "Manage access credentials".
"""

import configparser
import json
from collections.abc import Mapping
from typing import Any

from diagnose.cloud import fields
from diagnose.cloud.provider import ApiError, Credentials, Profile

CLI_FILE = "~/.aliyun/config.json"
SDK_FILE = "~/.alibabacloud/credentials"
PLACES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", CLI_FILE, SDK_FILE)
REGION_VARIABLE = "ALIBABA_CLOUD_REGION_ID"

#: The modes of a profile that hold a key. Others log in by a browser or by a chain of roles.
_KEY_MODES = {"", "AK", "StsToken"}
_ROLE_MODE = "EcsRamRole"
_MAX_SECRET = 8192


async def find_credentials(profile: Profile) -> Credentials | None:
    """Return the first credentials. Raise ApiError where a profile is of another kind."""
    return (
        _from_environment(profile.environ)
        or _from_cli(await profile.read(CLI_FILE), profile.environ)
        or _from_sdk(await profile.read(SDK_FILE), profile.environ)
    )


def _region(environ: Mapping[str, str], named: str = "") -> str:
    """Return the region: the environment's, which people set for one command, comes first."""
    names = (REGION_VARIABLE, "ALICLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID")
    return next(filter(None, (environ.get(name, "") for name in names)), named)


def _from_environment(environ: Mapping[str, str]) -> Credentials | None:
    key_id = environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
    secret = environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
    if not (key_id and secret):
        return None
    token = environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    source = "ALIBABA_CLOUD_ACCESS_KEY_ID"
    return Credentials(key_id, secret, source, token, _region(environ))


def _from_cli(text: str, environ: Mapping[str, str]) -> Credentials | None:
    try:
        document = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    name = environ.get("ALIBABA_CLOUD_PROFILE") or fields.text(fields.member(document, "current"))
    profiles = fields.items(document, "profiles")
    chosen = [each for each in profiles if each.get("name") == (name or "default")]
    if not chosen:
        return None
    shown = fields.text(chosen[0].get("name"))
    return _profile_credentials(chosen[0], f"{CLI_FILE}, profile {shown}", environ)


def _profile_credentials(
    values: Mapping[str, Any], source: str, environ: Mapping[str, str]
) -> Credentials | None:
    mode = fields.text(values.get("mode"))
    if mode not in _KEY_MODES:
        raise ApiError("credentials", source, code=mode)
    key_id, secret = _secret(values, "access_key_id"), _secret(values, "access_key_secret")
    if not (key_id and secret):
        return None
    region = _region(environ, fields.text(values.get("region_id")))
    return Credentials(key_id, secret, source, _secret(values, "sts_token"), region)


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
        raise ApiError("credentials", source, code=_ROLE_MODE if kind == "ecs_ram_role" else kind)
    key_id, secret = _secret(values, "access_key_id"), _secret(values, "access_key_secret")
    if not (key_id and secret):
        return None
    token = _secret(values, "security_token")
    return Credentials(key_id, secret, source, token, _region(environ))
