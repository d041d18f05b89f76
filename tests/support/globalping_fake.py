"""A stand-in for the API of Globalping on loopback. There is no internet in the tests: it plays the
shapes that the service documents (github.com/jsdelivr/globalping, public/v1/components: responses
and examples), and what it must never send."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: The first measurement and the second, as the service names them.
PAGE_ID, PING_ID = "9J2BCohDSuxoiaOD", "nzGzfAGL7sZfUs3c"

SEOUL = {
    "continent": "AS", "region": "Eastern Asia", "country": "KR", "state": None, "city": "Seoul",
    "asn": 40676, "longitude": 126.98, "latitude": 37.57, "network": "Psychz Networks",
    "tags": ["datacenter-network"], "resolvers": ["8.8.8.8", "8.8.4.4"],
}  # fmt: skip
HANGZHOU = SEOUL | {"country": "CN", "city": "Hangzhou", "asn": 37963, "network": "Alibaba"}


def page(status: int = 200, address: str = "203.0.113.10") -> dict[str, Any]:
    """The result of a finished http test."""
    return {
        "status": "finished", "resolvedAddress": address, "headers": {"server": "nginx"},
        "rawHeaders": "Server: nginx", "rawBody": "hello", "rawOutput": f"HTTP/1.1 {status}\n…",
        "truncated": False, "statusCode": status, "statusCodeName": "OK",
        "timings": {"total": 325, "download": 1, "firstByte": 219, "dns": 37, "tls": 36, "tcp": 32},
        "tls": {"authorized": True, "protocol": "TLSv1.3", "fingerprint256": "52:EC:FB"},
    }  # fmt: skip


def failed(message: str, source: str | None = "target") -> dict[str, Any]:
    result = {"status": "failed", "rawOutput": message}
    return result | ({"failureSource": source} if source else {})


def pinged(received: int, address: str = "203.0.113.10") -> dict[str, Any]:
    """The result of a finished TCP ping."""
    return {
        "status": "finished", "resolvedAddress": address, "resolvedHostname": address,
        "rawOutput": "PING", "timings": [{"rtt": 1.5}] * received,
        "stats": {"min": 1, "avg": 1, "max": 1, "total": 3, "rcv": received, "drop": 3 - received,
                  "loss": 0},
    }  # fmt: skip


def state(identifier: str, *results: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    items = [{"probe": probe, "result": result} for probe, result in results]
    return {
        "id": identifier, "type": "http", "status": "finished", "target": "shop.example.com",
        "createdAt": "2026-07-14T18:34:05.161Z", "updatedAt": "2026-07-14T18:34:06.310Z",
        "probesCount": len(items), "results": items,
    }  # fmt: skip


def error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message}, "links": {"documentation": "https://…"}}


class Service:
    """What the service answers, and what it was asked. A measurement is in progress once."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states = states
        self.refusal: tuple[int, bytes, dict[str, str]] | None = None
        self.raw_state: bytes | None = None
        self.never_ends = False
        self.requests: list[dict[str, Any]] = []
        self._asked: set[str] = set()

    def post(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        self.requests.append(json.loads(body))
        if self.refusal:
            return self.refusal
        identifier = (PAGE_ID, PING_ID)[len(self.requests) - 1]
        return 202, json.dumps({"id": identifier, "probesCount": 2}).encode(), {}

    def get(self, identifier: str) -> tuple[int, bytes, dict[str, str]]:
        if self.raw_state is not None:
            return 200, self.raw_state, {}
        if identifier not in self._asked or self.never_ends:
            self._asked.add(identifier)
            return 200, json.dumps({"id": identifier, "status": "in-progress"}).encode(), {}
        found = [state for state in self.states if state["id"] == identifier]
        return 200, json.dumps(found[0]).encode(), {}


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The URL of the API."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._answer(*service.post(self.rfile.read(length)))

        def do_GET(self) -> None:
            self._answer(*service.get(self.path.rpartition("/")[2]))

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/measurements"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
