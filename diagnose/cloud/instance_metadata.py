"""The instance that a metadata service describes. EC2 and Tencent give the same items the same
names."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from diagnose.cloud.fields import network
from diagnose.model.cloud import CloudInstance

#: The items, and what `described_instance` reads of each.
_ITEMS = ("instance-id", "placement/region", "local-ipv4", "public-ipv4")


async def described_instance(
    provider: str,
    value: Callable[[str], Awaitable[str]],
    instance_id: re.Pattern[str],
    region: re.Pattern[str],
) -> CloudInstance | None:
    """Return the instance; None if what the service calls so does not look like one of this
    provider. `value` asks for an item by its name, and returns "" if it is not there."""
    own_id, own_region, private, public = await asyncio.gather(*(value(item) for item in _ITEMS))
    if not instance_id.fullmatch(own_id):
        return None
    return CloudInstance(
        provider,
        own_region if region.fullmatch(own_region) else "",
        own_id,
        private_address=network(private),
        public_addresses=tuple(filter(None, [network(public)])),
    )
