"""The paths of WebSocket libraries."""

import pytest

from diagnose.parsers.interface_paths import library_base


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/socket/sample/info?t=1", "/socket/sample"),
        ("/app/sockjs-node/info", "/app/sockjs-node"),
        ("/chat/000/ab1cd2/websocket", "/chat"),
        ("/socket.io/?EIO=4&transport=polling", "/socket.io"),
        ("/app/socket.io/", "/app/socket.io"),
        ("/chatHub/negotiate?negotiateVersion=1", "/chatHub"),
        ("/cable", "/cable"),
        ("/live/websocket?vsn=2.0.0", "/live"),
        ("/info", ""),
        ("/products/info", ""),
        ("/dashboard/settings", ""),
        ("/", ""),
    ],
)
def test_base_of_a_library(path: str, base: str) -> None:
    assert library_base(path) == base
