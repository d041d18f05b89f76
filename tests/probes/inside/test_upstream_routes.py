"""How the routes to applications speak to curl, and what a response's first line says."""

import pytest

from diagnose.model import Target
from diagnose.model.addresses import bracketed
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes.inside.upstream_routes import (
    connect_command,
    find_routes,
    parse_status,
    streams,
)
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"HTTP/1.0 404 Not Found\r\n", 404),
        (b"HTTP/1.1 1000 X", None),
        (b"SSH-2.0-OpenSSH", None),
        (b"", None),
    ],
)
def test_a_status_has_three_digits(reply: bytes, status: int | None) -> None:
    assert parse_status(reply) == status


def test_a_socket_and_an_address_are_tried_with_nc() -> None:
    assert connect_command(Endpoint("", 0, "/run/app.sock"), "") == "nc -zvU /run/app.sock"
    assert connect_command(Endpoint("app", 3000), "192.0.2.1") == "nc -vz 192.0.2.1 3000"
    assert (bracketed("::1"), bracketed("192.0.2.1")) == ("[::1]", "192.0.2.1")


@pytest.mark.parametrize(("host", "paths"), [("127.0.0.1", ["/", "/"]), ("shop.example.com", [])])
def test_a_socket_of_loopback_has_routes_for_a_visitor_on_this_machine(
    host: str, paths: list[str]
) -> None:
    text = "server { listen 127.0.0.1:443 ssl; location / { proxy_pass http://127.0.0.1:3000; } }"
    ctx = Looking(RecordedMachine())
    ctx.target = Target("", "https", host, 443, "/")
    config = NginxConfig(path="/n.conf", main=parse(f"http {{ {text} }}", "/n.conf"))
    assert [route.path for route in find_routes(ctx, config)] == paths


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"


@pytest.mark.parametrize(
    ("reply", "is_stream"),
    [
        (HEAD + b"\r\n4.size", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nsize\r\n", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nsize\r\n0\r\n\r\n", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
        (HEAD + b"Content-Length: 4\r\n\r\nsize", False),
        (HEAD + b"\r\n", False),
        (HEAD.replace(b"application/octet-stream", b"text/html") + b"\r\n<html>", False),
        (HEAD.replace(b"200 OK", b"404 No") + b"\r\nnone", False),
    ],
)
def test_a_stream_has_no_length_and_has_begun_and_not_ended(reply: bytes, is_stream: bool) -> None:
    assert streams(reply) is is_stream
