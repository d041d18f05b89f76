"""A real browser opens the same WebSockets: what ends there ends for diagnose, with the same code,
and what stays open there stays open."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from diagnose.net.local import LocalNet
from diagnose.net.websocket import ClientHandshake, UpgradeResult, open_websocket
from tests.support.chromium import CHROMIUM, Tab, browser
from tests.websockets import raw_servers as raw
from tests.websockets.test_servers import RAW, _closing

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: no browser has opened the WebSockets"
)

#: A browser never sends a ping, and a server that does a thing once is another one each time.
_UNLIKE = {"dies-at-a-ping", "dies-once", "refuses-origin"}

#: The subprotocol that the page offers, and the field of the answer.
SUBPROTOCOLS = {
    "chosen": ("chat", "Sec-WebSocket-Protocol: chat\r\n"),
    "none-chosen": ("chat", ""),
    "another-chosen": ("chat", "Sec-WebSocket-Protocol: mqtt\r\n"),
    "two-chosen": ("chat", "Sec-WebSocket-Protocol: chat, mqtt\r\n"),
    "twice": ("chat", "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n"),
    "in-capitals": ("chat", "Sec-WebSocket-Protocol: Chat\r\n"),
    "empty": ("chat", "Sec-WebSocket-Protocol: \r\n"),
    "not-offered": ("", "Sec-WebSocket-Protocol: chat\r\n"),
    "empty-and-not-offered": ("", "Sec-WebSocket-Protocol: \r\n"),
}

CASES: dict[str, tuple[raw.Act, str]] = {
    **{name: (act, "") for name, (act, _) in RAW.items() if name not in _UNLIKE},
    **{
        name: (raw.answering(raw.waits, fields=fields), offered)
        for name, (offered, fields) in SUBPROTOCOLS.items()
    },
}

#: Resolves when the socket closes, or with the code 0 if it is still open after a while.
SCRIPT = """new Promise(resolve => {
  const socket = %s, seen = {opened: false, code: 0};
  socket.onopen = () => { seen.opened = true; setTimeout(() => resolve(seen), 700); };
  socket.onclose = event => { seen.code = event.code; resolve(seen); };
})"""


@contextmanager
def serving() -> Iterator[dict[str, int]]:
    """All the servers, each on a port of its own, in a thread of their own."""
    ports: dict[str, int] = {}
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        loop.set_exception_handler(lambda *_: None)
        async with AsyncExitStack() as stack:
            for name, (act, _) in CASES.items():
                server = await asyncio.start_server(_closing(act), "127.0.0.1", 0)
                stack.push_async_callback(server.wait_closed)
                stack.callback(server.close)
                ports[name] = server.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield ports
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _ours(port: int, offered: str) -> UpgradeResult:
    connected = await LocalNet().connect("127.0.0.1", port)
    assert connected.stream is not None
    names = (offered,) if offered else ()
    handshake = ClientHandshake(f"ws://127.0.0.1:{port}/", "null", names)
    return await open_websocket(connected.stream, handshake)


def _theirs(tab: Tab, port: int, offered: str) -> dict[str, Any]:
    words = [json.dumps(word) for word in (f"ws://127.0.0.1:{port}/", offered) if word]
    result: dict[str, Any] = tab.evaluate(SCRIPT % f"new WebSocket({', '.join(words)})")
    return result


def test_diagnose_and_the_browser_agree(tmp_path: Path) -> None:
    differences = {}
    with serving() as ports, browser(tmp_path) as tab:
        for name, (_, offered) in CASES.items():
            theirs = _theirs(tab, ports[name], offered)
            ours = asyncio.run(_ours(ports[name], offered))
            code = (ours.close_code or 0) if ours.accepted else 1006
            if (theirs["opened"], theirs["code"]) != (ours.accepted, code):
                differences[name] = (theirs, ours.accepted, ours.ended, code, ours.violation)
    assert differences == {}


def test_the_browser_offers_the_same_compression(tmp_path: Path) -> None:
    from diagnose.net.websocket import EXTENSIONS

    with serving() as ports, browser(tmp_path) as tab:
        _theirs(tab, ports["waits"], "")
        (request,) = tab.told("Network.webSocketWillSendHandshakeRequest")
    assert request["request"]["headers"]["Sec-WebSocket-Extensions"] == EXTENSIONS
