"""What is asked after the answer: the rest of the body, and the page as a browser asks for it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Failure, Target, Unseen
from diagnose.model.http import BrowserVisit, Exchange, ResponseBody
from diagnose.net.http import Http1Connection, get
from diagnose.net.tls import HandshakeResult
from diagnose.parsers.urls import Url
from diagnose.probes.outside import http_bodies
from tests.net.test_http2 import GOAWAY, HELLO, PAGE, RESET, frame
from tests.support.fake_context import Looking
from tests.support.streams import Script
from tests.support.summaries import summary_text

URL = "https://shop.example.com/"
ANSWERED = Exchange(url=URL, address="203.0.113.10", port=443, status=200)
REQUIRED = frame(RESET, 0, 1, b"\0\0\0\x0d")
GONE = frame(GOAWAY, 0, 0, bytes(7) + b"\x01")
HTTP1 = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello"


class Visited(Looking):
    """A run whose server answers each connection with the next of these pieces."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *pieces: bytes, alpn: str = "h2") -> None:
        super().__init__(machine=None)  # type: ignore[arg-type]
        self.streams = [Script(piece) for piece in pieces]
        self.opened = 0

        async def connect_tls(
            ctx: Any, address: str, url: Url, judged: bool, offered: tuple[str, ...]
        ) -> tuple[HandshakeResult | None, Failure | None]:
            assert (judged, offered) == (False, ("h2", "http/1.1"))
            stream = self.streams[self.opened]
            self.opened += 1
            return HandshakeResult(0.0, stream=stream, alpn=alpn), None

        monkeypatch.setattr(http_bodies, "connect_tls", connect_tls)

    def visit(self, exchange: Exchange = ANSWERED) -> tuple[BrowserVisit, ...]:
        self.emit(exchange)
        asyncio.run(http_bodies.visit_as_browser(self, exchange))
        return self.observed(BrowserVisit)


def test_a_browser_offers_http_2_and_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Visited(monkeypatch, HELLO + PAGE)
    (visit,) = run.visit()
    assert (visit.status, visit.version, visit.alpn) == (200, "HTTP/2", "h2")
    assert visit.equivalent.startswith("curl -sSi --http2 --compressed --resolve ")
    (body,) = run.observed(ResponseBody)
    assert (body.request, body.end, body.received) == ("browser", "complete", 5)
    assert run.streams[0].closed


def test_a_server_without_http_2_is_asked_for_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Visited(monkeypatch, HTTP1, alpn="http/1.1")
    (visit,) = run.visit()
    assert visit.version == "HTTP/1.1"
    assert b"Accept-Encoding: gzip, deflate, br, zstd" in run.streams[0].written
    assert run.observed(ResponseBody)[0].coding_fault == "invalid"


@pytest.mark.parametrize(("piece", "name"), [(HTTP1, "HTTP1"), (HELLO + GONE, "GOAWAY")])
def test_a_failure_is_tried_again_as_browsers_do(
    monkeypatch: pytest.MonkeyPatch, piece: bytes, name: str
) -> None:
    visits = Visited(monkeypatch, piece, piece).visit()
    assert [visit.attempt for visit in visits] == [1, 2]
    assert {visit.failure.name for visit in visits if visit.failure} == {name}


def test_a_second_attempt_that_succeeds_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Visited(monkeypatch, HELLO + GONE, HELLO + PAGE).visit()
    assert first.failure
    assert not second.failure


def test_a_server_that_asks_for_http_1_1_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    (visit,) = Visited(monkeypatch, HELLO + REQUIRED).visit()
    assert visit.failure
    assert visit.failure.code == http_bodies.HTTP_1_1_REQUIRED


@pytest.mark.parametrize(
    "exchange",
    [
        replace(ANSWERED, status=502),
        replace(ANSWERED, status=None),
        replace(ANSWERED, verified=False),
        replace(ANSWERED, purpose="redirect"),
    ],
)
def test_no_browser_gets_as_far_as_this(
    monkeypatch: pytest.MonkeyPatch, exchange: Exchange
) -> None:
    assert not Visited(monkeypatch).visit(exchange)


def test_only_one_address_is_visited(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Visited(monkeypatch, HELLO + PAGE)
    assert run.visit()
    assert len(run.visit(replace(ANSWERED, address="2001:db8::10"))) == 1


def test_a_websocket_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Visited(monkeypatch)
    run.target = Target("wss://shop.example.com/ws", "wss", "shop.example.com", 443, "/ws")
    assert not run.visit()


def bodies(*pieces: bytes) -> tuple[ResponseBody, ...]:
    return read(*pieces).observed(ResponseBody)


def read(*pieces: bytes) -> Looking:
    run = Looking(machine=None)  # type: ignore[arg-type]

    async def go() -> None:
        connection = Http1Connection(Script(*pieces), 5.0)
        answer = await get(connection, URL, 5.0)
        exchange = replace(ANSWERED, status=answer.status, headers=answer.headers)
        await http_bodies.read_body(run, connection, exchange, answer)

    asyncio.run(go())
    return run


def test_how_far_the_body_came_is_said() -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\nContent-Type: text/css; charset=utf-8\r\n\r\n"
    )
    (body,) = bodies(head, b"x" * 50_000)
    assert (body.end, body.received, body.announced) == ("cut", 50_000, 90_000)
    assert body.failure
    assert body.media_type == "text/css"
    assert summary_text(body) == (f"body of {URL}", "50000 of 90000 bytes; cut off")


def test_a_length_beside_chunks_announces_nothing() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
    (body,) = bodies(head + b"5\r\nhello\r\n0\r\n\r\n")
    assert (body.announced, body.end) == (None, "complete")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    ],
)
def test_what_has_no_body_or_no_end_is_not_read(head: bytes) -> None:
    assert not bodies(head, b"hello")


def _gaps(media_type: bytes, pieces: int) -> list[tuple[str, str]]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + media_type + b"\r\n\r\n"
    run = read(head, *[b"<p>hello" * 7500] * pieces, b"")
    return [(gap.what, gap.why) for gap in run.observed(Unseen)]


def test_what_is_not_read_of_a_page_is_told() -> None:
    assert _gaps(b"text/html; charset=utf-8", 40) == [
        (f"the rest of {URL}", "it has more than 2 MiB")
    ]


def test_nothing_is_missing_of_a_whole_page_or_of_a_large_file() -> None:
    assert _gaps(b"text/html", 20) == []
    assert _gaps(b"application/zip", 40) == []
