"""The vendor's own SDK against the mock: the mock verifies signatures as the vendor makes them, and
answers in a form that the SDK reads.

It is large: `make test-all` installs it.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.aliyun_mock import KEY_ID, SECRET, AliyunMock, host_of
from tests.support.aliyun_state import CONSOLE_DEFAULT, REGION, rule, state

pytest.importorskip("alibabacloud_tea_openapi", reason="the SDK is not installed: make test-all")


class Server(ThreadingHTTPServer):
    """The mock on the loopback, under the host that the SDK signs."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mock = AliyunMock(state(*CONSOLE_DEFAULT, rule("ok", "443/443"), page_size=2))


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = f"https://{host_of('ecs', REGION)}{self.path}"
        status, answer = self.server.mock.answer("POST", url, dict(self.headers))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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


def call(server: Server, secret: str, action: str, **query: str) -> dict[str, Any]:
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
    from alibabacloud_tea_util.models import RuntimeOptions

    config = Config(access_key_id=KEY_ID, access_key_secret=secret, region_id=REGION)
    config.endpoint, config.protocol = f"127.0.0.1:{server.server_port}", "http"
    parameters = Params(
        action=action, version="2014-05-26", protocol="HTTP", pathname="/", method="POST",
        auth_type="AK", style="RPC", req_body_type="json", body_type="json",
    )  # fmt: skip
    request = OpenApiRequest(query={"RegionId": REGION, **query})
    answer: dict[str, Any] = Client(config).call_api(parameters, request, RuntimeOptions())["body"]
    return answer


def test_the_sdk_reads_the_rules_of_a_group_page_by_page(server: Server) -> None:
    ports, token = [], ""
    while True:
        more = {"NextToken": token} if token else {}
        answer = call(
            server, SECRET, "DescribeSecurityGroupAttribute", SecurityGroupId="sg-web", **more
        )
        ports += [each["PortRange"] for each in answer["Permissions"]["Permission"]]
        token = answer["NextToken"]
        if not token:
            break
    assert ports[-1] == "443/443"
    assert len(ports) == len(CONSOLE_DEFAULT) + 1
    assert len(server.mock.actions) > 1


def test_the_mock_refuses_a_wrong_secret_of_the_sdk(server: Server) -> None:
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        call(server, "wrong", "DescribeSecurityGroups")
