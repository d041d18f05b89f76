"""HTTP for the APIs of cloud providers, and for the metadata service of an instance.

The site itself is never asked by this: there every detail of the connection counts, and here none
does. So httpx opens the connections, with the proxy of the environment as the providers' own
programs have it. Metadata is asked without any proxy: it holds credentials.

httpx has no timeouts of its own here: they would count our own lateness as the server's
(`diagnose.net.deadline`).
"""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse
from diagnose.net.deadline import deadline
from diagnose.net.http import MAX_FIELD_LENGTH, MAX_FIELDS, USER_AGENT
from diagnose.net.httpx_library import httpx
from diagnose.net.trusted_roots import BUNDLES
from diagnose.parsers.sanitize import clean

#: Seconds for one request to an API. They answer within one; a run has to end too.
API_TIMEOUT = 6.0
#: Seconds for all of the questions to the metadata service, which is on the same machine.
METADATA_TIMEOUT = 0.25
#: The largest answer that is read, in bytes: a thousand rules take a third of it.
MAX_ANSWER = 4 << 20


class HttpxClient:
    """A `diagnose.cloud.provider.Client`. `is_numeric` forbids names: nothing is resolved."""

    def __init__(self, client: httpx.AsyncClient, timeout: float, is_numeric: bool) -> None:
        self._client, self._timeout, self._is_numeric = client, timeout, is_numeric

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Send a request; redirects are not followed. Raise ApiError, or LateError if this program
        was too busy to know whether it was answered."""
        if self._is_numeric and not _is_address(httpx.URL(request.url).host):
            raise ApiError("unreachable", "the metadata service is asked at its address only")
        try:
            async with deadline(self._timeout):
                return await self._send(request)
        except TimeoutError:
            raise ApiError("timeout", f"no answer within {self._timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise ApiError("unreachable", _message(error)) from None

    async def _send(self, request: ApiRequest) -> ApiResponse:
        body = bytearray()
        async with self._client.stream(
            request.method, request.url, headers=list(request.headers), content=request.body
        ) as response:
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_ANSWER:
                    raise ApiError("invalid", "the answer is too large")
            fields = [
                (name.lower(), clean(value, MAX_FIELD_LENGTH))
                for name, value in response.headers.multi_items()[:MAX_FIELDS]
            ]
            return ApiResponse(response.status_code, tuple(fields), bytes(body))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _message(error: Exception) -> str:
    """Return why a connection failed. A proxy's error is left out: its URL may hold a password."""
    if isinstance(error, httpx.ProxyError):
        return "the proxy of the environment"
    return clean(str(error), 200) or type(error).__name__


@contextlib.asynccontextmanager
async def api_client() -> AsyncIterator[HttpxClient]:
    """Open a client for APIs. Certificates and names are verified."""
    context = await asyncio.to_thread(_context)
    try:
        client = httpx.AsyncClient(verify=context, headers=_headers(), timeout=None)
    except (ImportError, ValueError):
        # A proxy of a kind that is not installed, or a URL that is none.
        raise ApiError("unreachable", "the proxy of the environment cannot be used") from None
    async with client:
        yield HttpxClient(client, API_TIMEOUT, is_numeric=False)


@contextlib.asynccontextmanager
async def metadata_client() -> AsyncIterator[HttpxClient]:
    """Open a client for the metadata service of this machine."""
    async with httpx.AsyncClient(
        trust_env=False, verify=False, headers=_headers(), timeout=None
    ) as client:
        yield HttpxClient(client, METADATA_TIMEOUT, is_numeric=True)


def _headers() -> dict[str, str]:
    # Compressed, a small answer may be large when it is read.
    return {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509"]:
        for bundle in BUNDLES:
            if Path(bundle).exists():
                context.load_verify_locations(bundle)
                break
    return context
