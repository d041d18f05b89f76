"""Handshakes with a real server, and with answers that no library would give."""

import asyncio
import contextlib
import http
import re
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol
from websockets.utils import accept_key

from diagnose.net import Stream
from diagnose.net.http import HttpResult
from diagnose.net.local import LocalNet
from diagnose.net.websocket import ClientHandshake, UpgradeResult, check_response, open_websocket

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def answer(*fields: tuple[str, str], status: int = 101) -> HttpResult:
    return HttpResult(status=status, headers=fields)


GOOD = (
    ("Upgrade", "WebSocket"),
    ("Connection", "keep-alive, Upgrade"),
    ("Sec-WebSocket-Accept", accept_key(KEY)),
)


def with_port(
    serving: Callable[[], AbstractAsyncContextManager[Server]],
    shaking: Callable[[Stream, str], Coroutine[Any, Any, UpgradeResult]],
) -> UpgradeResult:
    """What comes of a handshake with a server, on a port of its own."""

    async def run() -> UpgradeResult:
        async with serving() as server:
            port = next(iter(server.sockets)).getsockname()[1]
            connected = await LocalNet().connect("127.0.0.1", port)
            assert connected.stream is not None
            return await shaking(connected.stream, f"ws://127.0.0.1:{port}/ws")

    return asyncio.run(run())


def test_a_websocket_opens_and_answers_a_ping() -> None:
    done = with_port(
        lambda: serve(echo, "127.0.0.1", 0),
        lambda stream, url: open_websocket(stream, ClientHandshake(url, "http://127.0.0.1")),
    )
    assert done.accepted
    assert done.answer.status == 101
    assert done.ping_s is not None
    assert done.close_code is None


def test_a_refusal_keeps_its_words() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus.FORBIDDEN, "Origin not allowed\n")

    done = with_port(
        lambda: serve(echo, "127.0.0.1", 0, process_request=refuse),
        lambda stream, url: open_websocket(
            stream, ClientHandshake(url, "http://elsewhere.example")
        ),
    )
    assert (done.fault, done.answer.status) == ("status", 403)
    assert done.answer.body == "Origin not allowed"


async def _shaking(origin: str | None, stream: Stream, url: str) -> UpgradeResult:
    return await open_websocket(stream, ClientHandshake(url, origin))


def test_the_origin_is_sent_only_if_there_is_one() -> None:
    given: list[str | None] = []

    def look(connection: ServerConnection, request: Request) -> None:
        given.append(request.headers.get("Origin"))

    for origin in ("https://shop.example.com", None):
        with_port(
            lambda: serve(echo, "127.0.0.1", 0, process_request=look),
            partial(_shaking, origin),
        )
    assert given == ["https://shop.example.com", None]


def test_a_server_that_closes_at_once_says_so() -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(1008, "who are you")

    done = with_port(
        lambda: serve(close, "127.0.0.1", 0),
        lambda stream, url: open_websocket(stream, ClientHandshake(url, None)),
    )
    assert done.accepted
    assert done.close_code == 1008


def test_a_subprotocol_is_offered_and_chosen() -> None:
    done = with_port(
        lambda: serve(echo, "127.0.0.1", 0, subprotocols=[Subprotocol("mqtt")]),
        lambda stream, url: open_websocket(stream, ClientHandshake(url, None, ("sip", "mqtt"))),
    )
    assert done.accepted
    assert done.subprotocol == "mqtt"


def test_a_right_answer_is_right() -> None:
    assert check_response(answer(*GOOD), KEY, ()) == ("", None)


@pytest.mark.parametrize(
    ("left_out", "fault"),
    [("Upgrade", "upgrade"), ("Connection", "connection"), ("Sec-WebSocket-Accept", "accept")],
)
def test_a_field_that_is_missing_is_the_fault(left_out: str, fault: str) -> None:
    rest = [field for field in GOOD if field[0] != left_out]
    assert check_response(answer(*rest), KEY, ())[0] == fault


def test_another_handshakes_accept_is_a_fault() -> None:
    wrong = (*GOOD[:2], ("Sec-WebSocket-Accept", accept_key("AAAAAAAAAAAAAAAAAAAAAA==")))
    assert check_response(answer(*wrong), KEY, ())[0] == "accept"


@pytest.mark.parametrize(
    ("offered", "chosen", "fault"),
    [
        ((), None, ""),
        ((), "chat", "subprotocol"),
        (("chat",), None, "subprotocol"),
        (("chat",), "mqtt", "subprotocol"),
        (("chat",), "chat", ""),
    ],
)
def test_only_what_was_offered_may_be_chosen(
    offered: tuple[str, ...], chosen: str | None, fault: str
) -> None:
    fields = (*GOOD, ("Sec-WebSocket-Protocol", chosen)) if chosen else GOOD
    assert check_response(answer(*fields), KEY, offered) == (fault, chosen)


def test_another_status_is_the_first_fault() -> None:
    assert check_response(answer(*GOOD, status=200), KEY, ())[0] == "status"


# A version that browsers refuse


async def serve_in_http_1_0(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    (key,) = re.findall(r"(?i)sec-websocket-key: (\S+)", head)
    fields = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_key(key)}"
    writer.write(f"HTTP/1.0 101 Switching Protocols\r\n{fields}\r\n\r\n".encode())
    with contextlib.suppress(OSError):
        while await reader.read(4096):
            pass
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@pytest.mark.parametrize(("is_proxied", "fault"), [(False, "version"), (True, "")])
def test_an_answer_in_http_1_0_is_a_fault_unless_a_proxy_gets_it(
    is_proxied: bool, fault: str
) -> None:
    async def run() -> UpgradeResult:
        served = asyncio.Event()

        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve_in_http_1_0(reader, writer)
            served.set()

        async with await asyncio.start_server(serve_one, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            connected = await LocalNet().connect("127.0.0.1", port)
            assert connected.stream is not None
            url = f"ws://127.0.0.1:{port}/ws"
            handshake = ClientHandshake(url, None, is_proxied=is_proxied)
            done = await open_websocket(connected.stream, handshake)
            await served.wait()
            return done

    assert asyncio.run(run()).fault == fault


# Silence


def _held(handle: Callable[[ServerConnection], Coroutine[Any, Any, None]]) -> UpgradeResult:
    return with_port(
        lambda: serve(handle, "127.0.0.1", 0, ping_interval=None),
        lambda stream, url: open_websocket(stream, ClientHandshake(url, None), idle=0.6),
    )


def test_silence_that_nobody_cuts() -> None:
    done = _held(echo)
    assert (done.idle_s, done.ended, done.own_frames_s) == (None, "", None)
    assert done.held_s is not None
    assert done.held_s >= 0.6


def test_silence_ends_with_the_close_frame_and_not_before() -> None:
    async def good_bye(connection: ServerConnection) -> None:
        await connection.send("hello")
        await asyncio.wait([asyncio.create_task(connection.wait_closed())], timeout=0.3)
        await connection.close(1001, "idle")

    done = _held(good_bye)
    assert (done.ended, done.close_code) == ("close", 1001)
    assert done.idle_s is not None
    assert done.idle_s > 0.1


def test_a_server_that_speaks_is_not_idle() -> None:
    async def speak(connection: ServerConnection) -> None:
        while True:
            await connection.send("tick")
            await asyncio.wait([asyncio.create_task(connection.wait_closed())], timeout=0.1)

    done = _held(speak)
    assert done.idle_s is None
    assert done.own_frames_s is not None
