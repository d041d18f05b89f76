"""The vendor's own SDK against the fake: the fake verifies signatures as the vendor makes them.

It is large: `make test-all` installs it.
"""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from diagnose.cloud.provider import ApiRequest
from tests.support.fake_tencent import KEY_ID, SECRET, TOKEN, FakeTencent

pytest.importorskip("tencentcloud.common", reason="the SDK is not installed: make test-all")


class Server(ThreadingHTTPServer):
    """The fake on the loopback. The service is in the signature: the name is 127.0.0.1."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fake = FakeTencent()
        self.fake.rows["vpc:DescribeSubnets"] = [{"SubnetId": "subnet-1"}]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service = self.headers["Authorization"].split("/")[2]
        url = f"https://{service}.tencentcloudapi.com/"
        request = ApiRequest("POST", url, tuple(self.headers.items()), body)
        response = asyncio.run(self.server.fake.send(request))
        self.send_response(response.status)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def answer(server: Server, secret: str) -> dict[str, Any]:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    profile = ClientProfile(
        httpProfile=HttpProfile(endpoint=f"127.0.0.1:{server.server_port}", protocol="http")
    )
    key = Credential(KEY_ID, secret, TOKEN)
    client = CommonClient("vpc", "2017-03-12", key, "ap-guangzhou", profile)
    response: dict[str, Any] = client.call_json("DescribeSubnets", {"Limit": 5})["Response"]
    return response


def test_the_sdk_is_accepted_with_the_right_key_only(server: Server) -> None:
    assert answer(server, SECRET)["SubnetSet"] == [{"SubnetId": "subnet-1"}]
    assert answer(server, "another")["Error"]["Code"] == "AuthFailure.SignatureFailure"
