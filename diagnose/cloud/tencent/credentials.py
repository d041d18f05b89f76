"""Where Tencent's keys are kept on this machine: the environment, then files.

The order is that of Tencent's own SDK, with the file of its command line (`tccli`) at the end. A
role of the instance (CAM) is read from the metadata only when a person asks for it.

Sources: tencentcloud-sdk-python, `common/credential.py`; tencentcloud-cli, `credentials.py`,
`oauth.py` and `configure.py`.
"""

import configparser
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from diagnose.cloud.fields import member, text
from diagnose.cloud.provider import ApiError, Credentials, Profile

#: The region is a header field, and a part of the commands that are shown.
REGION = re.compile(r"[a-z]{2}(?:-[a-z0-9]{1,20}){1,4}")
_TOKENS = ("TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN")
#: What can stand in a header field; a comma would end the key's id in Authorization.
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,1024}")
_TOKEN = re.compile(r"[\x21-\x7e]{0,8192}")
_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
REGION_VARIABLE = "TENCENTCLOUD_REGION"
SETUP_COMMAND = "tccli configure"
_INI_FILES = ("~/.tencentcloud/credentials", "/etc/tencentcloud/credentials")
PLACES: tuple[str, ...] = ("TENCENTCLOUD_SECRET_ID", *_INI_FILES, "~/.tccli/default.credential")


async def find_credentials(profile: Profile) -> Credentials | None:
    """Return the first key of the sources, None if no source is there.

    A source that is there and cannot be used ends the search (ApiError "credentials"): another key
    than the one that the vendor's tools take would mislead.
    """
    name = profile.environ.get("TCCLI_PROFILE", "") or "default"
    if not _PROFILE_NAME.fullmatch(name):
        raise _problem("TCCLI_PROFILE", "is no name of a profile")
    region = await _usual_region(profile, name)
    if credentials := _from_environment(profile.environ, region):
        return credentials
    for path in _INI_FILES:
        if content := await profile.read(path):
            return _from_ini(content, path, region)
    path = f"~/.tccli/{name}.credential"
    content = await profile.read(path)
    return _from_cli_file(content, path, region) if content else None


async def _usual_region(profile: Profile, name: str) -> str:
    """Return the region of the environment, or of tccli's configuration, or ""."""
    region = profile.environ.get(REGION_VARIABLE, "")
    if not region:
        settings = _object(await profile.read(f"~/.tccli/{name}.configure"))
        # Older versions of tccli keep it at the top.
        region = text(member(settings, "_sys_param", "region")) or text(settings.get("region"))
    return region if REGION.fullmatch(region) else ""


def _from_environment(environ: Mapping[str, str], region: str) -> Credentials | None:
    key_id = environ.get("TENCENTCLOUD_SECRET_ID", "")
    secret = environ.get("TENCENTCLOUD_SECRET_KEY", "")
    if not key_id and not secret:
        return None
    token = next((environ[name] for name in _TOKENS if environ.get(name)), "")
    return _credentials(key_id, secret, token, "TENCENTCLOUD_SECRET_ID", region)


def _from_ini(content: str, source: str, region: str) -> Credentials:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(content)
    except configparser.Error:
        raise _problem(source, "cannot be read") from None
    section = parser["default"] if parser.has_section("default") else {}
    # The vendor's example writes the values in quotes.
    key_id, secret, token = (
        (section.get(name) or "").strip().strip("\"'")
        for name in ("secret_id", "secret_key", "token")
    )
    return _credentials(key_id, secret, token, source, region)


def _from_cli_file(content: str, source: str, region: str) -> Credentials:
    values = _object(content)
    if values.get("type") == "cvm-role":
        raise ApiError("credentials", source, code="cvm-role")
    expires = values.get("expiresAt")
    if isinstance(expires, int | float) and expires <= time.time():
        raise _problem(source, "holds a key that has expired: run `tccli auth login` again")
    key_id, secret, token = (
        _text_or_empty(values.get(name)) for name in ("secretId", "secretKey", "token")
    )
    return _credentials(key_id, secret, token, source, region)


def _credentials(key_id: str, secret: str, token: str, source: str, region: str) -> Credentials:
    if not key_id or not secret:
        raise _problem(source, "has no complete key")
    if not (_KEY.fullmatch(key_id) and _KEY.fullmatch(secret) and _TOKEN.fullmatch(token)):
        raise _problem(source, "has a key with characters that no key has")
    return Credentials(key_id, secret, source, token, region)


def role_credentials(document: bytes, role: str, region: str) -> Credentials | None:
    """Return the key that the metadata has for a role, None if there is none."""
    values = _object(document.decode(errors="replace"))
    if values.get("Code") != "Success":
        return None
    key_id, secret, token = (
        _text_or_empty(values.get(name)) for name in ("TmpSecretId", "TmpSecretKey", "Token")
    )
    return _credentials(key_id, secret, token, f"role {text(role)}", region)


def _problem(source: str, problem: str) -> ApiError:
    return ApiError("credentials", f"{source} {problem}")


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(content: str) -> Mapping[str, Any]:
    """Return the object that a text holds; {} for anything else."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
