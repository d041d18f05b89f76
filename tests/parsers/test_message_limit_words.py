"""Whose limit a text tells of."""

import pytest

from diagnose.parsers.message_limit_words import told_limit


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("Max frame length of 65536 has been exceeded.", "Netty"),
        ("The decoded text message was too big for the output buffer", "Tomcat"),
        ("Text message too large: 65,537 > 65,536", "Jetty"),
        ("RangeError: Max payload size exceeded", "ws (Node.js)"),
        ("Message size 4194305 exceeds limit 4194304", "aiohttp"),
        ("WebSocket message exceeds payload limit of 1048576 octets", "Autobahn (Daphne)"),
        ("frame with 1048577 bytes exceeds limit of 1048576 bytes", "websockets (Python)"),
        ("over size limit (1048577 > 1048576 bytes)", "websockets (Python)"),
        ("The maximum message size of 32768B was exceeded.", "SignalR"),
        ("websocket: read limit exceeded", "gorilla/websocket"),
        ("read limited at 32769 bytes", "coder/websocket"),
        ("Space limit exceeded: Message too long: 70000000 > 67108864", "tungstenite"),
    ],
)
def test_the_product(text: str, product: str) -> None:
    limit = told_limit(text)
    assert limit
    assert limit.product == product
    assert limit.keys


@pytest.mark.parametrize("text", ["", "message too big", "413 Request Entity Too Large"])
def test_none(text: str) -> None:
    assert told_limit(text) is None
