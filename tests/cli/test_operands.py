"""The WebSockets that the operands name."""

import pytest

from diagnose.cli.operands import parse_targets

SITE = "https://shop.acme.net/"
POLLED = "socket.io/?EIO=3&transport=websocket"


@pytest.mark.parametrize(
    ("words", "websockets"),
    [
        ([f"{SITE}{POLLED}&sid=a"], (f"/{POLLED}",)),
        ([f"{SITE}{POLLED}", f"wss://mysite.com/{POLLED}&sid=b' failed"], (f"/{POLLED}",)),
        ([SITE, "WebSocket connection to 'wss://mysite.com/ws' failed: "], ("/ws",)),
        ([SITE, "WebSocket connection to 'wss://192.168.1.5/ws' failed: "], ("/ws",)),
        (["https://203.0.113.10/", "WebSocket connection to 'wss://b.net/ws' failed: "], ("/ws",)),
        ([f"{SITE}ws", "the page loads, but the WebSocket connection is refused"], ("/ws",)),
        ([SITE, "WebSocket connection to 'wss://chat.other.net/ws' failed: "], ()),
        ([SITE, "WebSocket connection to 'wss://mysite.com:8443/ws' failed: "], ()),
        ([f"{SITE}chat", "the WebSocket connection is refused"], ()),
        ([f"{SITE}ws"], ()),
    ],
)
def test_the_websocket_of_an_address_or_a_message(
    words: list[str], websockets: tuple[str, ...]
) -> None:
    (target,) = parse_targets(words, (), "en")
    assert target.host in SITE or words[0].startswith("https://203.")
    assert target.websockets == websockets
