"""What a Socket.IO server's refusal says."""

import pytest

from diagnose.parsers.engine_io import engine_error, requested_version


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"code":5,"message":"Unsupported protocol version"}', "version"),
        ('{"code":0,"message":"Transport unknown"}', "transport"),
        ("HTTP/1.1 400 Bad Request\nTransport unknown", "transport"),
        ('{"code":1,"message":"Session ID unknown"}', None),
        ("", None),
    ],
)
def test_the_error(text: str, error: str | None) -> None:
    assert engine_error(text) == error


def test_the_version_of_the_client() -> None:
    assert requested_version("wss://a.example/socket.io/?EIO=3&transport=websocket") == 3
    assert requested_version("wss://a.example/socket.io/") is None
