"""How the routes to applications speak to curl, and what a response's first line says."""

import pytest

from diagnose.model.addresses import bracketed
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes.inside.upstream_routes import connect_command, parse_status


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
