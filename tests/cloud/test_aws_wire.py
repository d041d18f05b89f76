"""What boto3 signs is what leaves: over a real connection, and for a login in the browser.

boto3 is large: `make test-all` installs it.
"""

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from diagnose.cloud.aws.api import open_api
from diagnose.cloud.aws.credentials import CONFIG_FILE, ProfileCredentials, find_credentials
from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse, Credentials, Profile
from diagnose.net.api_client import HttpxClient
from diagnose.net.httpx_library import httpx
from tests.support.fake_aws import KEY_ID, SECRET, TOKEN

pytest.importorskip("boto3", reason="boto3 is not installed: make test-all")

REGION = "eu-west-1"
GROUPS = (
    b"<DescribeSecurityGroupsResponse><requestId>1</requestId><securityGroupInfo/>"
    b"</DescribeSecurityGroupsResponse>"
)


class Server(HTTPServer):
    """Keeps the requests, and answers in chunks as EC2 does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        names = [name.lower() for name in self.headers]
        assert len(names) == len(set(names))
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((fields, body))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(GROUPS), GROUPS))

    def log_message(self, *_: object) -> None:
        return None


class ToLoopback(HttpxClient):
    """Our own client, which finds AWS on the loopback."""

    url = ""

    async def send(self, request: ApiRequest) -> ApiResponse:
        host = ("Host", request.url.split("/")[2])
        return await super().send(replace(request, url=self.url, headers=(*request.headers, host)))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_the_signature_is_right_at_the_other_end(server: Server) -> None:
    async def ask() -> list[Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            door = ToLoopback(client, 6.0, is_numeric=False)
            door.url = f"http://127.0.0.1:{server.server_port}/"
            key = Credentials(KEY_ID, SECRET, "a test", TOKEN, REGION)
            api = await open_api(key, REGION, door)
            return await api.pages("describe_security_groups", "SecurityGroups", {})

    assert asyncio.run(ask()) == []
    ((fields, body),) = server.requests
    assert signature_of(fields, body) == fields["authorization"].partition("Signature=")[2]
    assert SECRET not in repr(fields)


def signature_of(fields: dict[str, str], body: bytes) -> str:
    """Return the signature that botocore makes of what arrived."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as Keys

    signed = fields["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(signed)
    headers = {name: fields[name] for name in signed if name != "host"}
    request = AWSRequest("POST", f"https://{fields['host']}/", headers=headers, data=body)
    request.context["timestamp"] = fields["x-amz-date"]
    auth = SigV4Auth(Keys(KEY_ID, SECRET, TOKEN), "ec2", REGION)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    signature: str = auth.signature(text, request)
    return signature


START_URL = "https://example.awsapps.com/start"
LOGIN = f"""[default]
sso_start_url = {START_URL}
sso_region = {REGION}
sso_account_id = 123456789012
sso_role_name = reader
region = {REGION}
"""


class Portal:
    """IAM Identity Center, then EC2."""

    def __init__(self) -> None:
        self.requests: list[ApiRequest] = []

    async def send(self, request: ApiRequest) -> ApiResponse:
        self.requests.append(request)
        if "portal.sso" not in request.url:
            return ApiResponse(200, (("content-type", "text/xml"),), GROUPS)
        expires = datetime.now(UTC) + timedelta(hours=1)
        key = {
            "accessKeyId": "ASIAPORTAL",
            "secretAccessKey": "canaryportal",
            "sessionToken": "canarysession",
            "expiration": int(expires.timestamp() * 1000),
        }
        return ApiResponse(200, (), json.dumps({"roleCredentials": key}).encode())


def login(home: Path, patch: pytest.MonkeyPatch, hours: float) -> ProfileCredentials:
    """Return the credentials of a person who has logged in, until so many hours from now."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONFIG_FILE"):
        patch.delenv(name, raising=False)
    patch.setenv("HOME", str(home))
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (home / ".aws" / "config").write_text(LOGIN)
    until = datetime.now(UTC) + timedelta(hours=hours)
    token = {
        "startUrl": START_URL,
        "region": REGION,
        "accessToken": "canarylogin",
        "expiresAt": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    name = hashlib.sha1(START_URL.encode()).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(token))

    # botocore asks for the home folder once, when it is imported.
    patch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(cache))

    async def read(path: str) -> str:
        return LOGIN if path == CONFIG_FILE else ""

    key = asyncio.run(find_credentials(Profile({}, read)))
    assert isinstance(key, ProfileCredentials)
    return key


def groups_of(key: Credentials, portal: Portal) -> list[Any]:
    async def ask() -> list[Any]:
        api = await open_api(key, REGION, portal)
        return await api.pages("describe_security_groups", "SecurityGroups", {})

    return asyncio.run(ask())


def test_a_login_in_the_browser_gives_the_key_through_our_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = Portal()
    assert groups_of(login(tmp_path, monkeypatch, 8), portal) == []
    first, second = portal.requests
    assert first.url.startswith(f"https://portal.sso.{REGION}.amazonaws.com/federation/credentials")
    authorization = dict(second.headers)["Authorization"]
    assert "Credential=ASIAPORTAL/" in authorization


def test_a_login_that_has_ended_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = login(tmp_path, monkeypatch, -1)
    portal = Portal()
    with pytest.raises(ApiError) as caught:
        groups_of(key, portal)
    assert caught.value.kind == "credentials"
    assert "`aws sso login`" in caught.value.message
    assert "canary" not in f"{caught.value!r}{vars(caught.value)}"
    assert not portal.requests
