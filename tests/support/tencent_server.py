"""Tencent's API, and metadata services, on a host of the laboratory.

    python tencent_server.py api STATE CERTIFICATE KEY ADDRESS      on port 443
    python tencent_server.py metadata STATE ADDRESS                 on port 80

STATE is a JSON file: "rows", "policies" and "denied" of a `FakeTencent`, or the arguments of a
`FakeMetadata`, which may be that of another cloud.
"""

import asyncio
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def main(kind: str, state: str, *rest: str) -> None:
    """Serve until the process ends."""
    # It is started as a file, and the laboratory's hosts have no installation.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    content = json.loads(Path(state).read_text())
    fake = _api(content) if kind == "api" else _metadata(content)
    server = ThreadingHTTPServer((rest[-1], 443 if kind == "api" else 80), _handler(fake, kind))
    if kind == "api":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*rest[:2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def _api(content: dict[str, Any]) -> Any:
    from tests.support.fake_tencent import FakeTencent

    fake = FakeTencent()
    fake.rows, fake.policies = content.get("rows", {}), content.get("policies", {})
    fake.denied = set(content.get("denied", []))
    return fake


def _metadata(content: dict[str, Any]) -> Any:
    from tests.support.fake_metadata import FakeMetadata

    return FakeMetadata(**content)


def _handler(fake: Any, kind: str) -> type[BaseHTTPRequestHandler]:
    from diagnose.cloud.provider import ApiRequest

    scheme = "https" if kind == "api" else "http"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def do_PUT(self) -> None:
            self._answer("PUT")

        def _answer(self, method: Any) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"{scheme}://{self.headers['Host']}{self.path}"
            request = ApiRequest(method, url, tuple(self.headers.items()), body)
            response = asyncio.run(fake.send(request))
            self.send_response(response.status)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, *_: object) -> None:
            return None

    return Handler


if __name__ == "__main__":
    main(*sys.argv[1:])
