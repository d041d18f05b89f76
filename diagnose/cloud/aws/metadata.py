"""The metadata service of EC2, second version: a token first (IMDSv2).

Source: "Use the Instance Metadata Service", EC2 User Guide. The first version is not tried: other
clouds answer at the same address, and EC2 answers with a token everywhere.
"""

import json
import re

from diagnose.cloud.fields import member, text
from diagnose.cloud.instance_metadata import described_instance
from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse, Client, Credentials
from diagnose.model.cloud import CloudInstance

_HOST = "http://169.254.169.254/latest"
TOKEN_URL = f"{_HOST}/api/token"
BASE = f"{_HOST}/meta-data/"
TOKEN_FIELD = "x-aws-ec2-metadata-token"
#: Seconds that the token lives. The questions take less than one.
_TOKEN_LIFE = "60"
#: Bytes. A token has 56, a value a few dozen.
_MAX_VALUE = 512
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,512}")
_ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
_ROLES = "iam/security-credentials/"


async def detect_instance(metadata: Client, provider: str) -> CloudInstance | None:
    """Return this machine's instance, None for any other answer than EC2's."""
    token = await _token(metadata)
    return await described_instance(
        provider, lambda item: _value(metadata, item, token), _INSTANCE, REGION
    )


async def credentials_of_role(metadata: Client) -> Credentials | None:
    """Return the temporary key of the instance's role, None if it has no role."""
    token = await _token(metadata)
    role = await _value(metadata, _ROLES, token)
    if not _ROLE.fullmatch(role):
        return None
    response = await _ask(metadata, f"{_ROLES}{role}", token)
    try:
        document = json.loads(response.body) if response.status == 200 else None
    except (ValueError, RecursionError):
        document = None
    names = ("AccessKeyId", "SecretAccessKey", "Token")
    key_id, secret, session = (member(document, name) for name in names)
    if member(document, "Code") != "Success" or not all(
        isinstance(value, str) and value for value in (key_id, secret, session)
    ):
        return None
    region = await _value(metadata, "placement/region", token)
    source = f"the instance's role {role}"
    return Credentials(key_id, secret, source, session, region if REGION.fullmatch(region) else "")


async def _token(metadata: Client) -> str:
    """Return a token. Raise ApiError where the service gives none: it is off, or not EC2's."""
    headers = ((f"{TOKEN_FIELD}-ttl-seconds", _TOKEN_LIFE),)
    response = await metadata.send(ApiRequest("PUT", TOKEN_URL, headers))
    token = response.body[: _MAX_VALUE + 1].decode("latin-1").strip()
    if response.status != 200 or not _TOKEN.fullmatch(token):
        raise ApiError("rejected", f"HTTP {response.status}", action="metadata")
    return token


async def _value(metadata: Client, name: str, token: str) -> str:
    """Return an item, "" if the service does not have it."""
    response = await _ask(metadata, name, token)
    if response.status == 401:
        raise ApiError("rejected", "HTTP 401", action="metadata")
    if response.status != 200 or len(response.body) > _MAX_VALUE:
        return ""
    return text(response.body.decode(errors="replace")).strip()


async def _ask(metadata: Client, name: str, token: str) -> ApiResponse:
    return await metadata.send(ApiRequest("GET", BASE + name, ((TOKEN_FIELD, token),)))
