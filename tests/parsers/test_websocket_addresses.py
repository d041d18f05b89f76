"""Addresses of http: and https: that are those of WebSockets."""

import pytest

from diagnose.parsers.websocket_addresses import websocket_path


@pytest.mark.parametrize(
    ("path", "websocket"),
    [
        (
            "/socket.io/?EIO=4&transport=websocket&sid=a&t=b",
            "/socket.io/?EIO=4&transport=websocket",
        ),
        ("/cable", "/cable"),
        ("/app/live/websocket?vsn=2.0.0", "/app/live/websocket?vsn=2.0.0"),
        ("/echo/123/a1b2c3d4/websocket", "/echo/123/a1b2c3d4/websocket"),
        ("/_stcore/stream", "/_stcore/stream"),
        ("/api/kernels/0f1e2d3c-4b5a/channels?session_id=1", None),
        ("/ws", ""),
        ("/cable/news", ""),
        ("/socket.io/?EIO=4&transport=polling", ""),
        ("/", ""),
    ],
)
def test_the_websocket_at_an_address(path: str, websocket: str | None) -> None:
    assert websocket_path(path) == (path if websocket is None else websocket)


def test_a_person_who_tells_of_a_websocket_means_its_usual_path() -> None:
    assert websocket_path("/ws?token=1", is_reported=True) == "/ws?token=1"
    polled = "/socket.io/?EIO=4&transport=polling&t=1"
    assert websocket_path(polled, is_reported=True) == "/socket.io/?EIO=4&transport=websocket"
    assert websocket_path("/chat", is_reported=True) == ""
