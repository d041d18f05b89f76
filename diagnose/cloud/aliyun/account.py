"""What the services of Alibaba Cloud share: the firmware, the metadata and the access key."""

from diagnose.cloud.aliyun import credentials, metadata
from diagnose.cloud.aliyun.api import AliyunApi
from diagnose.cloud.provider import Client, Credentials, Dmi, Profile
from diagnose.model.cloud import CloudInstance


class AliyunAccount:
    """The part of a provider that does not depend on the service."""

    name: str
    actions: tuple[str, ...]
    credential_places = credentials.PLACES
    setup_command = "aliyun configure"
    region_variable = credentials.REGION_VARIABLE

    def is_on(self, dmi: Dmi) -> bool:
        return metadata.is_on(dmi)

    async def detect(self, client: Client) -> CloudInstance | None:
        return await metadata.detect(client, self.name)

    async def credentials(self, profile: Profile) -> Credentials | None:
        return await credentials.find_credentials(profile)

    async def role_credentials(self, client: Client) -> Credentials | None:
        return await metadata.role_credentials(client)

    def _api(self, region: str, key: Credentials, client: Client) -> AliyunApi:
        return AliyunApi(region, key, client, self.actions)
