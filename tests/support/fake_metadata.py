"""A metadata service in memory, with or without tokens that it insists on."""

from collections.abc import Mapping

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse


class FakeMetadata:
    """Answers `items` below `base`. `token_url` is where a token is put, "" for a service without
    tokens; then every other request needs the token in the field `token_field`.

    A service that is off answers nothing.
    """

    def __init__(
        self,
        base: str,
        items: Mapping[str, str],
        token_url: str = "",
        token_field: str = "",
        is_off: bool = False,
    ) -> None:
        self.base, self.items = base, items
        self.token_url, self.token_field = token_url, token_field
        self.is_off = is_off
        self.urls: list[str] = []

    async def send(self, request: ApiRequest) -> ApiResponse:
        self.urls.append(request.url)
        if self.is_off:
            raise ApiError("timeout", "0.25 s")
        headers = {name.lower(): value for name, value in request.headers}
        if self.token_url and request.url == self.token_url:
            return self._token(request, headers)
        if self.token_url and headers.get(self.token_field) != "canary-token":
            return ApiResponse(401, body=b"Unauthorized")
        value = self.items.get(request.url.removeprefix(self.base))
        if request.method != "GET" or value is None or not request.url.startswith(self.base):
            return ApiResponse(404, body=b"<html>Not Found</html>")
        return ApiResponse(200, body=value.encode())

    def _token(self, request: ApiRequest, headers: Mapping[str, str]) -> ApiResponse:
        lives = headers.get(f"{self.token_field}-ttl-seconds", "")
        if request.method != "PUT" or not lives.isdigit() or not 1 <= int(lives) <= 21600:
            return ApiResponse(400)
        return ApiResponse(200, body=b"canary-token")
