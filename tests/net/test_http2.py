"""HTTP/2 frame by frame (RFC 9113 section 4.1), as servers send it rightly and wrongly."""

import asyncio

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    WindowUpdated,
)
from h2.settings import SettingCodes

from diagnose.net.http import HttpResult, get
from diagnose.net.http2 import Http2Connection
from diagnose.net.http_request import http_request
from tests.support.streams import Script

URL = "https://shop.example.com:8443/page?q=1"
DATA, HEADERS, RESET, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, stream]) + payload


#: RFC 7541 appendix A: entry 8 of the table is ":status: 200", 9 ":status: 204", 54 "server".
OK = b"\x88"
HELLO = frame(SETTINGS, 0, 0)
PAGE = frame(HEADERS, END_HEADERS, 1, OK + b"\x0f\x27\x01a") + frame(DATA, END_STREAM, 1, b"hello")


def answered(*pieces: bytes) -> HttpResult:
    return asyncio.run(get(Http2Connection(Script(*pieces), 5.0), URL, 5.0))


def received(written: bytes) -> list[Event]:
    """What a server makes of the client's bytes."""
    server = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    return server.receive_data(written)


def test_an_answer_is_read_as_it_came() -> None:
    answer = answered(HELLO + PAGE)
    assert (answer.status, answer.version, answer.reason) == (200, "HTTP/2", "")
    assert answer.headers == (("server", "a"),)
    assert (answer.body, answer.failure) == ("hello", None)
    assert answered(*(bytes([byte]) for byte in HELLO + PAGE)).body == "hello"
    assert answered(HELLO + frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x89")).status == 204


def test_the_request_has_no_field_of_the_connection_and_wants_no_push() -> None:
    stream = Script(HELLO + PAGE)
    fields = {"Connection": "keep-alive", "TE": "trailers", "X-Key": "1"}
    asyncio.run(get(Http2Connection(stream, 5.0), URL, 5.0, fields))
    events = received(stream.written)
    (request,) = [event for event in events if isinstance(event, RequestReceived)]
    names = dict(request.headers)
    assert names[b":authority"] == b"shop.example.com:8443"
    assert (names[b":scheme"], names[b":path"], names[b"x-key"]) == (b"https", b"/page?q=1", b"1")
    assert not names.keys() & {b"host", b"connection", b"te"}
    settings = [event for event in events if isinstance(event, RemoteSettingsChanged)]
    assert settings[-1].changed_settings[SettingCodes.ENABLE_PUSH].new_value == 0


def test_an_interim_answer_and_a_farewell_without_error_are_passed_over() -> None:
    # ":status: 103", not in the table, in its own words (RFC 7541 section 6.2.2).
    hint = frame(HEADERS, END_HEADERS, 1, b"\x08\x03103")
    # nginx's farewell with `keepalive_requests 1`, and one before the last stream is known.
    for last in (b"\0\0\0\x01", b"\x7f\xff\xff\xff"):
        assert answered(HELLO + hint + frame(GOAWAY, 0, 0, last + bytes(4)), PAGE).body == "hello"
    assert answered(HELLO, frame(GOAWAY, 0, 0, bytes(8))).failure


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (frame(RESET, 0, 1, b"\0\0\0\x07"), "reset the stream: REFUSED_STREAM"),
        (frame(RESET, 0, 1, b"\0\0\x01\0"), "reset the stream: error 256"),
        (frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\x0d"), "went away: HTTP_1_1_REQUIRED"),
        (frame(HEADERS, END_HEADERS, 1, b"\x76\x01a"), "does not begin with a status"),
        (frame(DATA, END_STREAM, 1, b"hello"), "not as HTTP/2 has it: "),
        (b"", "closed without an answer"),
    ],
)
def test_a_failure_keeps_the_servers_word(piece: bytes, words: str) -> None:
    answer = answered(HELLO, piece)
    assert answer.status is None
    assert answer.failure is not None
    assert answer.failure.kind == ("protocol" if piece else "closed")
    assert words in answer.failure.message


def test_an_answer_that_breaks_off_has_a_status_and_a_failure() -> None:
    begun = frame(HEADERS, END_HEADERS, 1, OK) + frame(DATA, 0, 1, b"hal")
    for end in (b"", frame(RESET, 0, 1, b"\0\0\0\x02")):
        answer = answered(HELLO + begun, end)
        assert (answer.status, answer.body) == (200, "hal")
        assert answer.failure is not None


def test_frames_without_an_answer_are_not_read_without_end() -> None:
    # A type that nobody knows is passed over (RFC 9113 section 5.5).
    stream = Script(HELLO, *[frame(0xFA, 0, 0, bytes(16000)) * 4] * 100)
    answer = asyncio.run(get(Http2Connection(stream, 5.0), URL, 5.0))
    assert "too much came without an answer" in str(answer.failure)
    assert len(stream.pieces) > 80


def test_a_long_body_may_go_on_as_it_is_read() -> None:
    # 65535 bytes may come before a window is opened again (RFC 9113 section 6.9.2).
    head = frame(HEADERS, END_HEADERS, 1, OK + b"\x0f\x10\x09text/html")
    stream = Script(HELLO, head, *[frame(DATA, 0, 1, b"x" * 16000)] * 4)
    asyncio.run(get(Http2Connection(stream, 5.0), URL, 5.0))
    events = received(stream.written)
    assert {event.stream_id for event in events if isinstance(event, WindowUpdated)} == {0, 1}


@pytest.mark.parametrize(("value", "may"), [(b"\0", False), (b"\x01", True)])
def test_whether_a_websocket_may_be_opened_is_told(value: bytes, may: bool) -> None:
    # SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 8441 section 3.
    assert answered(frame(SETTINGS, 0, 0, b"\0\x08\0\0\0" + value) + PAGE).extended_connect is may


def test_a_body_is_sent_as_far_as_the_server_allows() -> None:
    """65535 bytes are allowed at first, more after WINDOW_UPDATE (RFC 9113 section 6.9)."""
    wider = b"".join(frame(8, 0, stream, (100_000).to_bytes(4, "big")) for stream in (0, 1))
    stream = Script(HELLO, wider, PAGE)
    request = http_request("POST", URL, {}, b"x" * 100_000)
    asyncio.run(Http2Connection(stream, 5.0).request(request))
    server = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    events, allowed = [], 65535
    server.initiate_connection()
    server.increment_flow_control_window(100_000)
    for start in range(0, len(stream.written), 1000):
        for event in server.receive_data(stream.written[start : start + 1000]):
            events.append(event)
            if isinstance(event, RequestReceived):
                server.increment_flow_control_window(100_000, 1)
    sizes = [len(event.data or b"") for event in events if isinstance(event, DataReceived)]
    assert sum(sizes) == 100_000
    assert any(sum(sizes[: count + 1]) == allowed for count in range(len(sizes)))
    assert isinstance(events[-1], StreamEnded)
