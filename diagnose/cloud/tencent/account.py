"""What the services of Tencent Cloud share: the firmware, the metadata and the access key."""

from diagnose.cloud.provider import ApiError, Client, Credentials, Dmi, Profile
from diagnose.cloud.tencent import credentials
from diagnose.cloud.tencent.api import TencentApi
from diagnose.cloud.tencent.metadata import credentials_of_role, detect_instance
from diagnose.model.cloud import CloudInstance


class TencentAccount:
    """The part of a provider that does not depend on the service."""

    name: str
    actions: tuple[str, ...]
    credential_places = credentials.PLACES
    setup_command = credentials.SETUP_COMMAND
    region_variable = credentials.REGION_VARIABLE

    def is_on(self, dmi: Dmi) -> bool:
        return dmi.sys_vendor.strip() == "Tencent Cloud"

    async def detect(self, client: Client) -> CloudInstance | None:
        return await detect_instance(client, self.name)

    async def credentials(self, profile: Profile) -> Credentials | None:
        return await credentials.find_credentials(profile)

    async def role_credentials(self, client: Client) -> Credentials | None:
        return await credentials_of_role(client)

    def _api(self, region: str, key: Credentials, client: Client) -> TencentApi:
        """Return the API in a region. Each of its calls is about one region only."""
        if not region:
            raise ApiError("missing", code="no-region")
        return TencentApi(client, key, region, self.actions)
