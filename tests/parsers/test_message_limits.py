"""Which line of a script limits the messages of its WebSockets."""

import pytest

from diagnose.model.symptom import Symptom, SymptomKind
from diagnose.parsers.message_limits import message_limits, suspected_limit, tells_of_message_size

WS, IO = "const WebSocket = require('ws');\n", "const { Server } = require('socket.io');\n"
PY = "import websockets\n"


@pytest.mark.parametrize(
    ("name", "before", "line", "new"),
    [
        ("a.py", PY, "async with websockets.serve(handler, '127.0.0.1', 8765):",
         "async with websockets.serve(handler, '127.0.0.1', 8765, max_size=16 * 2 ** 20):"),
        ("a.py", PY, "server = websockets.serve(h, '', 1, max_size=2**16)",
         "server = websockets.serve(h, '', 1, max_size=16 * 2 ** 20)"),
        ("a.py", f"{PY}server = serve(\n", "    handler, port=8765\n)",
         "    handler, port=8765, max_size=16 * 2 ** 20,\n)"),
        ("a.py", "import socketio\n", "sio = socketio.AsyncServer()",
         "sio = socketio.AsyncServer(max_http_buffer_size=16 * 2 ** 20)"),
        ("a.js", IO, "const io = new Server(server, {",
         "const io = new Server(server, { maxHttpBufferSize: 16 * 1024 * 1024,"),
        ("a.js", "", "const io = require('socket.io')(http);",
         "const io = require('socket.io')(http, { maxHttpBufferSize: 16 * 1024 * 1024 });"),
        ("a.js", WS, "const wss = new WebSocket.Server({ port: 8080, maxPayload: 1024 });",
         "const wss = new WebSocket.Server({ port: 8080, maxPayload: 16 * 1024 * 1024 });"),
    ],
)  # fmt: skip
def test_the_line_with_a_wide_limit(name: str, before: str, line: str, new: str) -> None:
    (limit,) = message_limits(f"{before}{line}\n", name)
    assert limit
    assert (limit.line, limit.new) == (line.split("\n")[0], new.split("\n")[0])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", f"{PY}websockets.serve(h, '', 1, max_size=16 * 2 ** 20)"),
        ("a.py", f"{PY}websockets.serve(h, '', 1, max_size=None)"),
        ("a.py", f"{PY}websockets.serve(h, '', 1, max_size=LIMIT)"),
        ("a.py", f"{PY}websockets.serve(h, '', 1)\nwebsockets.serve(h, '', 2)"),
        ("a.js", f"{WS}new WebSocket.Server({{ port: 8080 }});"),
        ("a.js", "new Server(server);"),
        ("a.rb", f"{PY}websockets.serve(h, '', 1)"),
    ],
)
def test_no_line_that_is_wide_or_not_known(name: str, text: str) -> None:
    assert not message_limits(text, name)


def test_a_message_about_the_size() -> None:
    assert tells_of_message_size(Symptom("websocket-closed", "closed", number=1009))
    assert not tells_of_message_size(Symptom("websocket-closed", "closed", number=1006))
    assert not tells_of_message_size(Symptom("status", "1009", number=1009))
    assert not tells_of_message_size(None)
    for text in (
        "Max frame length of 65536 has been exceeded.",
        "Message size 5242881 exceeds limit 4194304",
        "Text message too large: 65,537 > 65,536",
        "The maximum message size of 32768B was exceeded.",
    ):
        assert tells_of_message_size(Symptom("websocket-closed", text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import tornado.web\nclass Application(tornado.web.Application):\n    pass\n", "a.py"),
        ("import websockets\nasync def serve(host):\n    await websockets.connect(host)\n", "a.py"),
        ("import websockets\nfrom hypercorn.asyncio import serve\nserve(app, config)\n", "a.py"),
        ("import { Server } from 'http';\nimport IO from 'socket.io';\nnew Server(a);", "a.js"),
        ("const ws = require('ws');\nnew ws.Server({ port: 1, maxPayload: 0 });\n", "a.js"),
        ("const ws = require('ws');\nnew ws.Server({ port: 1, maxPayload: 0x_ });\n", "a.js"),
        ("from aiohttp import web\nweb.WebSocketResponse(max_msg_size=0)\n", "a.py"),
    ],
)  # fmt: skip
def test_a_definition_another_library_and_no_limit_are_no_limit(text: str, name: str) -> None:
    assert not message_limits(text, name)


def test_the_size_of_a_pool_is_no_limit_of_messages() -> None:
    pool = "import websockets\npool = create_pool(dsn, min_size=1, max_size=10)\n"
    (line,) = message_limits(f"{pool}websockets.serve(answer, 'x', 1)\n", "a.py")
    assert line is not None
    assert line.new == "websockets.serve(answer, 'x', 1, max_size=16 * 2 ** 20)"


def test_a_line_with_a_secret_is_not_shown() -> None:
    line = "new Server(server, { secret: 'hunter2secret9', maxHttpBufferSize: 1e5 });\n"
    assert not message_limits(f"{IO}{line}", "a.js")


@pytest.mark.parametrize(
    ("kind", "text", "below"),
    [
        (
            "websocket-closed",
            "works until I paste a photo, then the websocket disconnects",
            2 << 20,
        ),
        ("websocket", "websocket closes when I send a large message", 2 << 20),
        ("websocket", "socket.io disconnects when I send an image", 2 << 20),
        ("websocket-closed", "websocket 发送图片就断线重连", 2 << 20),
        ("websocket-closed", "Beim Senden großer Bilder bricht die Verbindung ab", 2 << 20),
        ("websocket-closed", "El websocket se desconecta al enviar una imagen grande", 2 << 20),
        ("websocket-closed", "websocket disconnects when I paste a long text", 64 << 10),
        ("websocket-closed", "the websocket disconnects after 60 s while I send files", 0),
        ("websocket-closed", "large messages work, but the websocket disconnects", 0),
        ("websocket", "the websocket of the page with large images is not found", 0),
        ("status", "413 when I send a large file", 0),
    ],
)
def test_words_about_a_large_message(kind: SymptomKind, text: str, below: int) -> None:
    assert suspected_limit(Symptom(kind, text)) == below


def test_the_constant_that_gives_the_limit() -> None:
    text = f"{WS}const MAX = 512 * 1024;\nnew WebSocketServer({{ server, maxPayload: MAX }});\n"
    (limit,) = message_limits(text, "a.js", 2 << 20)
    assert limit
    assert limit.new == "const MAX = 16 * 1024 * 1024;"
    assert not message_limits(text, "a.js", 64 << 10)
    assert not message_limits(f"{text}MAX = 1;\n", "a.js")
    assert not message_limits(text.replace("512 * 1024", "config.max"), "a.js")


def test_a_relay_has_two_ends() -> None:
    script = (
        "from aiohttp import ClientSession, web\nasync def relay(session, request):\n"
        "    server = web.WebSocketResponse(); await server.prepare(request)\n"
        "    async with session.ws_connect(f'ws://{host}{path}') as client:\n        pass\n"
    )
    first, second = message_limits(script, "relay.py", 8 << 20)
    assert "WebSocketResponse(max_msg_size=16 * 2 ** 20); await" in first.new
    assert second.new.endswith("path}', max_msg_size=16 * 2 ** 20) as client:")
    assert not message_limits(script, "relay.py", 2 << 20)
    wide = script.replace("Response()", "Response(max_msg_size=0)")
    (line,) = message_limits(wide, "relay.py", 8 << 20)
    assert "ws_connect" in line.new
    assert not message_limits(script.replace("Response()", "Reply()"), "relay.py")


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("freezes as soon as a big result comes, its websocket is gone, small images are fine", 8),
        ("the websocket is closed when a large image is sent", 2),
        ("websocket is lost with large data every 60 seconds", 0),
        ("the websocket is gone after a minute, large images are fine", 0),
    ],
)
def test_words_of_what_is_large(words: str, size: int) -> None:
    assert suspected_limit(Symptom("websocket", words)) == size << 20
