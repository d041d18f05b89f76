"""The metadata service of a server that is examined over SSH, asked there with curl."""

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse
from diagnose.machine import Machine
from diagnose.probes.inside.remote_curl import run_curl

_SECONDS = "1"


class RemoteMetadata:
    """A `diagnose.cloud.provider.Client`. It takes no proxy, whatever the server's environment and
    ~/.curlrc say."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def send(self, request: ApiRequest) -> ApiResponse:
        headers = [word for name, value in request.headers for word in ("-H", f"{name}: {value}")]
        argv = (
            "curl", "-q", "-s", "--noproxy", "*", "-m", _SECONDS, "-X", request.method,
            "-w", "\n%{http_code}", *headers, request.url,
        )  # fmt: skip
        result = await run_curl(self._machine, argv, 8.0)
        body, _, status = result.out.rpartition("\n")
        if result.failure is not None or not (status.isascii() and status.isdecimal()):
            is_timeout = result.status == 28
            raise ApiError("timeout" if is_timeout else "unreachable", "curl")
        return ApiResponse(int(status), body=body.encode())
