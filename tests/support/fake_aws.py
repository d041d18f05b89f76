"""AWS in memory: moto behind our `Client`, without a socket."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse

KEY_ID, SECRET, TOKEN = "AKIACANARYID00000000", "canarysecret000000000000", "canarytoken"

Answer = Callable[[ApiRequest], ApiResponse]


class FakeAws:
    """Gives requests to moto. `failures` answer the next ones in its place."""

    def __init__(self) -> None:
        from moto.core.botocore_stubber import BotocoreStubber

        self._moto: Any = BotocoreStubber()
        self.failures: list[Answer] = []
        self.requests: list[ApiRequest] = []

    async def send(self, request: ApiRequest) -> ApiResponse:
        self.requests.append(request)
        if self.failures:
            return self.failures.pop(0)(request)
        return self.moto(request)

    def moto(self, request: ApiRequest) -> ApiResponse:
        """Return moto's answer; among `failures`, a call that does not fail."""
        if b"association.public-ip" in request.body:
            # moto does not have this filter: all interfaces are a longer answer of the same shape.
            request = replace(request, body=_without_filter(request.body))
        status, headers, body = self._moto.process_request(_prepared(request))
        fields = tuple((name.lower(), str(value)) for name, value in headers.items())
        return ApiResponse(status, fields, body.encode() if isinstance(body, str) else body)

    @property
    def actions(self) -> list[str]:
        """The calls that were made, as their bodies name them."""
        bodies = (request.body.decode() for request in self.requests)
        return [body.partition("Action=")[2].partition("&")[0] for body in bodies]


def _without_filter(body: bytes) -> bytes:
    fields = [each for each in parse_qsl(body.decode()) if not each[0].startswith("Filter.")]
    return urlencode(fields).encode()


def _prepared(request: ApiRequest) -> Any:
    """Return a request as botocore has it at the door of moto."""
    from botocore.awsrequest import AWSPreparedRequest, HeadersDict

    headers = HeadersDict(request.headers)
    return AWSPreparedRequest(request.method, request.url, headers, request.body, False)


def failure(
    code: str, status: int = 400, message: str = "the vendor's words", date: str = ""
) -> Answer:
    """Return an answer with an error as EC2 writes it."""
    body = (
        "<?xml version='1.0' encoding='UTF-8'?><Response><Errors><Error>"
        f"<Code>{code}</Code><Message>{message}</Message>"
        "</Error></Errors><RequestID>1</RequestID></Response>"
    )
    headers = (("content-type", "text/xml"), *((("date", date),) if date else ()))
    return lambda _: ApiResponse(status, headers, body.encode())


def answer(body: bytes, status: int = 200) -> Answer:
    return lambda _: ApiResponse(status, (("content-type", "text/xml"),), body)


def timeout(_: ApiRequest) -> ApiResponse:
    raise ApiError("timeout", "6 s")
