"""Tencent's metadata service: who this machine is.

Source: "Querying Instance Metadata" (document 213/4934). It has no tokens. The service's usual
address is a name, metadata.tencentyun.com; its number is taken, so that no resolver and no proxy
is asked.
"""

import re

from diagnose.cloud.fields import text
from diagnose.cloud.instance_metadata import described_instance
from diagnose.cloud.provider import ApiRequest, Client, Credentials
from diagnose.cloud.tencent.credentials import REGION, role_credentials
from diagnose.model.cloud import CloudInstance

BASE = "http://169.254.0.23/latest/meta-data/"
#: Bytes. A value is a few dozen, the key of a role below 2 KB.
_MAX_VALUE = 512
_INSTANCE = re.compile(r"(?:ins|lhins)-[a-z0-9]{4,32}")
_ROLE = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_ROLES = "cam/security-credentials/"


async def detect_instance(metadata: Client, provider: str) -> CloudInstance | None:
    """Return this machine's instance, of either service; None for any other answer."""
    return await described_instance(
        provider, lambda item: _value(metadata, item), _INSTANCE, REGION
    )


async def credentials_of_role(metadata: Client) -> Credentials | None:
    """Return the temporary key of the instance's CAM role, None if it has no role."""
    role = await _value(metadata, _ROLES)
    if not _ROLE.fullmatch(role):
        return None
    response = await metadata.send(ApiRequest("GET", f"{BASE}{_ROLES}{role}"))
    if response.status != 200:
        return None
    region = await _value(metadata, "placement/region")
    return role_credentials(response.body, role, region if REGION.fullmatch(region) else "")


async def _value(metadata: Client, name: str) -> str:
    """Return an item, "" if the service does not have it."""
    response = await metadata.send(ApiRequest("GET", BASE + name))
    if response.status != 200 or len(response.body) > _MAX_VALUE:
        return ""
    return text(response.body.decode(errors="replace")).strip()
