"""Asks the metadata service of Alibaba Cloud who this machine is ("Instance metadata").

Hardened instances want a token first; old ones know none. Nothing below ram/ is read, except by
`role_credentials`, which is called where the user asked for it.
"""

import asyncio
import json

from diagnose.cloud import fields
from diagnose.cloud.provider import (
    ApiError,
    ApiRequest,
    ApiResponse,
    Client,
    Credentials,
    Dmi,
)
from diagnose.model.cloud import CloudInstance

ADDRESS = "100.100.100.200"
_BASE = f"http://{ADDRESS}/latest"
_TTL = ("x-aliyun-ecs-metadata-token-ttl-seconds", "60")
_TOKEN_FIELD = "x-aliyun-ecs-metadata-token"
_MAX_VALUE = 256


def is_on(dmi: Dmi) -> bool:
    """Whether the firmware is Alibaba Cloud's; cloud-init asks the same."""
    return dmi.product_name == "Alibaba Cloud ECS" or dmi.sys_vendor == "Alibaba Cloud"


async def detect(metadata: Client, provider: str) -> CloudInstance | None:
    """Return the instance, None if the service has no instance id."""
    token = await _token(metadata)
    names = ("instance-id", "region-id", "private-ipv4", "eipv4", "public-ipv4")
    instance_id, region, private, eip, public = await asyncio.gather(
        *(_item(metadata, name, token) for name in names)
    )
    if not instance_id:
        return None
    addresses = dict.fromkeys(filter(None, map(fields.network, (eip, public))))
    return CloudInstance(
        provider, region, instance_id, "", fields.network(private), tuple(addresses)
    )


async def role_credentials(metadata: Client) -> Credentials | None:
    """Return the credentials of the instance's role, None if it has none."""
    token = await _token(metadata)
    name = await _item(metadata, "ram/security-credentials/", token)
    if not name or "/" in name:
        return None
    response = await _ask(metadata, f"ram/security-credentials/{name}", token)
    try:
        document = json.loads(response.body) if response.status == 200 else None
    except (ValueError, RecursionError):
        document = None
    keys = ("AccessKeyId", "AccessKeySecret", "SecurityToken")
    values = [fields.member(document, key) for key in keys]
    if not all(isinstance(value, str) and value for value in values):
        return None
    region = await _item(metadata, "region-id", token)
    key_id, secret, session = values
    return Credentials(key_id, secret, f"the instance's role {name}", session, region)


async def _token(metadata: Client) -> str:
    """Return a token, "" from an instance that knows none."""
    response = await metadata.send(ApiRequest("PUT", f"{_BASE}/api/token", (_TTL,)))
    return _text(response) if response.status == 200 else ""


async def _item(metadata: Client, name: str, token: str) -> str:
    """Return one item, "" if it is not there."""
    response = await _ask(metadata, name, token)
    if response.status == 401 or response.status == 403:
        raise ApiError("forbidden", f"HTTP {response.status}", action="metadata")
    return _text(response) if response.status == 200 else ""


async def _ask(metadata: Client, name: str, token: str) -> ApiResponse:
    headers = ((_TOKEN_FIELD, token),) if token else ()
    return await metadata.send(ApiRequest("GET", f"{_BASE}/meta-data/{name}", headers))


def _text(response: ApiResponse) -> str:
    """Return a short answer of one line."""
    text = response.body[: _MAX_VALUE + 1].decode("latin-1").strip()
    return text if len(text) <= _MAX_VALUE and text.isprintable() and " " not in text else ""
