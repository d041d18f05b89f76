"""boto3, the library of AWS, behind our own door.

It builds, signs and reads requests, and gets the keys of profiles. It opens no connection: a
handler of its event "before-send" gives every request to the `Client`, and refuses those that are
not among the calls that only read (ADR 28). boto3 blocks, so it works in a thread; it is
imported there and only where AWS is asked.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from diagnose.cloud.aws.credentials import ProfileCredentials
from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse, Client, Credentials
from diagnose.processes.installation import extra_command

#: Events of the calls that are made. Those of sts and sso get the key of a profile.
ALLOWED = frozenset(
    {
        "before-send.ec2.DescribeInstances",
        "before-send.ec2.DescribeNetworkAcls",
        "before-send.ec2.DescribeNetworkInterfaces",
        "before-send.ec2.DescribeSecurityGroups",
        "before-send.ec2.GetManagedPrefixListEntries",
        "before-send.sso-oidc.CreateToken",
        "before-send.sso.GetRoleCredentials",
        "before-send.sts.AssumeRole",
    }
)
MISSING = "boto3 is not installed: {command}"
#: Ways to a key that start a program or read a metadata service.
_OTHER_SOURCES = (
    "boto-config", "container-role", "custom-process", "ec2-credentials-file", "iam-role",
)  # fmt: skip

Send = Callable[[ApiRequest], Awaitable[ApiResponse]]


async def ec2_client(credentials: Credentials, region: str, client: Client) -> Any:
    """Return boto3's client of EC2. Its methods block: call them in a thread."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(_ec2_client, credentials, region, client, loop)


def _ec2_client(
    credentials: Credentials, region: str, client: Client, loop: asyncio.AbstractEventLoop
) -> Any:
    try:
        import boto3
        import botocore.config
        import botocore.session
    except ImportError:
        raise ApiError("extra", MISSING.format(command=extra_command("aws"))) from None
    session = botocore.session.Session()
    # Before anything is created: clients take the session's handlers with them.
    session.register("before-send", _Sender(client, loop))
    _choose_credentials(session, credentials)
    settings = botocore.config.Config(
        # One more try is made by the caller, for a limit of calls only.
        retries={"total_max_attempts": 1},
        ignore_configured_endpoint_urls=True,
    )
    return boto3.Session(botocore_session=session, region_name=region).client(
        "ec2", config=settings
    )


def _choose_credentials(session: Any, credentials: Credentials) -> None:
    if not isinstance(credentials, ProfileCredentials):
        session.set_credentials(credentials.key_id, credentials.secret, credentials.token or None)
        return
    session.set_config_variable("profile", credentials.profile)
    session.set_config_variable("credentials_file", credentials.files[0])
    session.set_config_variable("config_file", credentials.files[1])
    providers = session.get_component("credential_provider")
    for name in _OTHER_SOURCES:
        providers.remove(name)


class _Sender:
    """Handles "before-send": the answer that it returns is taken for that of the network."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    def __call__(self, request: Any, event_name: str, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        if event_name not in ALLOWED:
            raise ApiError("rejected", f"{event_name} is not among the calls that only read")
        sent = asyncio.run_coroutine_threadsafe(self._send(_request(request)), self._loop)
        response = sent.result()
        fields = dict(response.headers)
        return AWSResponse(request.url, response.status, fields, _Raw(response.body))

    async def _send(self, request: ApiRequest) -> ApiResponse:
        return await self._client.send(request)


def _request(request: Any) -> ApiRequest:
    headers = tuple((name, _text(value)) for name, value in request.headers.items())
    body = request.body or b""
    return ApiRequest(
        request.method, request.url, headers, body.encode() if isinstance(body, str) else body
    )


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()
