"""The client of Globalping's API. It is imported only for `--vantage globalping`."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.net.deadline import deadline
from diagnose.net.http import USER_AGENT
from diagnose.net.trusted_roots import trust

if TYPE_CHECKING:
    from diagnose.net.httpx_library import httpx

API = "https://api.globalping.io/v1/measurements"

#: Seconds for one request, and bytes of an answer that are read (20 results of 30 KB).
PATIENCE, MAX_BYTES = 10.0, 1 << 20


@frozen
class ApiAnswer:
    """The answer of one request: the status and the text, or the failure. `reset` is the seconds
    until the limit of requests ends, as the service wrote them."""

    status: int = 0
    text: str = ""
    reset: str = ""
    failure: Failure | None = None


class GlobalpingClient:
    """One connection to the service; the system's proxy and roots apply."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "GlobalpingClient":
        from diagnose.net.httpx_library import httpx

        trusted = await asyncio.wrap_future(trust())
        self._client = httpx.AsyncClient(
            verify=trusted.context,
            timeout=None,  # it would count our own lateness: see `diagnose.net.deadline`
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def create(self, measurement: Mapping[str, Any]) -> ApiAnswer:
        """Ask for a measurement: from here on it is public."""
        return await self._request("POST", API, measurement)

    async def state(self, identifier: str) -> ApiAnswer:
        return await self._request("GET", f"{API}/{identifier}", None)

    async def _request(self, method: str, url: str, body: Mapping[str, Any] | None) -> ApiAnswer:
        from diagnose.net.httpx_library import httpx

        assert self._client is not None
        data = bytearray()
        try:
            async with (
                deadline(PATIENCE),
                self._client.stream(method, url, json=body) as response,
            ):
                async for chunk in response.aiter_bytes():
                    data += chunk[: MAX_BYTES + 1 - len(data)]
                    if len(data) > MAX_BYTES:
                        return ApiAnswer(failure=Failure("too-large", "too much was answered"))
        except TimeoutError:
            return ApiAnswer(failure=Failure("timeout", "Globalping did not answer in time"))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            reason = str(error) or type(error).__name__
            return ApiAnswer(failure=Failure("unreachable", f"Globalping: {reason}"))
        reset = response.headers.get("X-RateLimit-Reset", "")
        return ApiAnswer(response.status_code, data.decode(errors="replace"), reset)
