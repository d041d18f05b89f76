"""Answers as strangers give them: on streams written down, and on real ones where the socket's
own error is what counts."""

import asyncio
import gzip
import re
import socket
import struct
import subprocess
import sys
import tracemalloc
import zlib

import pytest
from h11 import _abnf as h11_grammar
from h11 import _readers as h11_readers
from hypothesis import given
from hypothesis import strategies as st

from diagnose.net import DEFAULT_TIMEOUT
from diagnose.net.http import MAX_INTERIM, USER_AGENT, Http1Connection, HttpResult, get
from diagnose.net.http_errors import MAX_BODY
from diagnose.net.http_request import http_request
from diagnose.net.local import LocalNet
from tests.support.streams import Script

URL = "http://shop.example.com/page?q=1"


def fetch(*pieces: bytes | Exception) -> HttpResult:
    return asyncio.run(get(Http1Connection(Script(*pieces), 5.0), URL, 5.0))


def page(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def test_the_request_says_honestly_who_asks_and_nothing_of_us_besides() -> None:
    stream = Script(page(b"hello"))
    asyncio.run(get(Http1Connection(stream, 5.0), URL, 5.0))
    head = stream.written.decode()
    assert head.startswith("GET /page?q=1 HTTP/1.1\r\n")
    assert "\r\nHost: shop.example.com\r\n" in head
    assert f"\r\nUser-Agent: {USER_AGENT}\r\n" in head
    assert "Cookie" not in head


def test_a_body_follows_the_head_of_its_request() -> None:
    stream = Script(page(b"hello"))
    request = http_request("POST", URL, {}, b"a=b")
    asyncio.run(Http1Connection(stream, 5.0).request(request))
    head, _, body = stream.written.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /page?q=1 HTTP/1.1\r\n")
    assert b"Content-Length: 3" in head
    assert body == b"a=b"


def test_an_answer_is_read_as_it_came() -> None:
    answer = fetch(page(b"gone", "X-Thing: a  b", status="410 Gone For Good"))
    assert (answer.status, answer.reason, answer.version) == (410, "Gone For Good", "HTTP/1.1")
    assert ("X-Thing", "a b") in answer.headers
    assert answer.body == "gone"
    assert answer.failure is None


def test_a_long_reason_takes_little_memory() -> None:
    fetch(page(b"hello"))
    tracemalloc.start()
    try:
        answer = fetch(page(b"hello", status="200 " + "a" * 100_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == 200
    assert peak < 2**21


#: h11's own pattern of a status line.
STATUS_LINE = re.compile(h11_grammar.status_line.encode("ascii"))


@given(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=8).map(lambda data: b"HTTP/1.1 200 " + data),
        st.text("HTP/1. 02\t\r\n\v\f\0é", max_size=16).map(lambda text: text.encode("latin-1")),
    )
)
def test_status_lines_are_those_of_h11(line: bytes) -> None:
    expected = STATUS_LINE.fullmatch(line)
    match = h11_readers.status_line_re.fullmatch(line)
    assert (match and match.groupdict()) == (expected and expected.groupdict())


def test_interim_answers_without_end_are_read_only_so_far() -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    assert fetch(hint * 3, page(b"hello")).body == "hello"
    failure = fetch(*[hint * 10] * (MAX_INTERIM // 10), page(b"late")).failure
    assert failure is not None
    assert "interim" in failure.message


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "9.9"])
def test_another_version_is_no_answer(version: str) -> None:
    failure = fetch(page(b"hello").replace(b"HTTP/1.1", f"HTTP/{version}".encode())).failure
    assert failure is not None
    assert failure.kind == "protocol"


def test_one_stream_takes_one_request_after_another() -> None:
    async def twice() -> tuple[HttpResult, bool, HttpResult, bool]:
        wire = Http1Connection(Script(page(b"one"), page(b"two", "Connection: close")), 5.0)
        first = await get(wire, URL, 5.0)
        between = wire.reusable
        return first, between, await get(wire, URL, 5.0), wire.reusable

    first, between, second, after = asyncio.run(twice())
    assert (first.body, between, second.body, after) == ("one", True, "two", False)


def test_what_is_hostile_is_made_harmless() -> None:
    answer = fetch(page(b"\x1b[2J<b>\xff\x00", "X-Bad: a\xa0b"))
    assert "\x1b" not in answer.body
    assert "\x00" not in answer.body


def test_a_body_is_read_and_kept_only_so_far() -> None:
    html = b"Content-Type: text/html"
    endless = [b"HTTP/1.1 200 OK\r\n" + html + b"\r\n\r\n"] + [b"x" * 60000] * 50
    stream = Script(*endless)
    answer = asyncio.run(get(Http1Connection(stream, 5.0), URL, 5.0))
    assert len(answer.body) == 2048
    assert len(stream.pieces) > 40


def test_a_page_names_its_sockets_beyond_what_is_kept() -> None:
    body = b" " * 9000 + b"ws://shop.example.com/ws"
    assert fetch(page(body, "Content-Type: text/html")).mentions == ("ws://shop.example.com/ws",)


def test_compression_unasked_for_is_undone_and_no_bomb_goes_off() -> None:
    assert fetch(page(gzip.compress(b"hello"), "Content-Encoding: gzip")).body == "hello"
    bomb = page(
        gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip", "Content-Type: text/html"
    )
    assert len(fetch(bomb).body) <= MAX_BODY


@pytest.mark.parametrize("window_bits", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_deflate_is_read_with_and_without_the_header_of_zlib(window_bits: int) -> None:
    packer = zlib.compressobj(wbits=window_bits)
    body = packer.compress(b"hello") + packer.flush()
    assert fetch(page(body, "Content-Encoding: deflate")).body == "hello"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_coding_that_the_body_does_not_have_gives_no_text(coding: str) -> None:
    assert fetch(page(b"\xff\xffhello", f"Content-Encoding: {coding}")).body == ""


def test_headers_without_end_are_not_read_without_end() -> None:
    flood = [b"HTTP/1.1 200 OK\r\n"] + [b"X-A: " + b"a" * 60000 + b"\r\n"] * 50
    stream = Script(*flood)
    answer = asyncio.run(get(Http1Connection(stream, 5.0), URL, 5.0))
    assert answer.failure is not None
    assert answer.failure.kind == "protocol"
    assert answer.failure.message == "the header of its answer has no end after 131072 bytes"
    assert len(stream.pieces) > 40


@pytest.mark.parametrize(
    ("piece", "kind", "name"),
    [
        (b"", "closed", None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol", "SSH"),
        (b"\x15\x03\x01\x00\x02\x02\x0a", "protocol", "TLS"),
        (TimeoutError(), "timeout", None),
        (ConnectionResetError(104, "Connection reset by peer"), "reset", "ECONNRESET"),
    ],
)
def test_a_failure_keeps_its_own_words(
    piece: bytes | Exception, kind: str, name: str | None
) -> None:
    failure = fetch(piece).failure
    assert failure is not None
    assert (failure.kind, failure.name) == (kind, name)


def test_an_answer_that_breaks_off_has_a_status_and_a_failure() -> None:
    answer = fetch(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal", b"")
    assert answer.status == 200
    assert answer.failure is not None
    assert answer.body == "hal"


@pytest.mark.parametrize(
    ("piece", "incomplete"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nhello", True),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", True),
        (page(b"hello"), False),
        (page(b"hello", "Connection: close"), False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False),
    ],
)
def test_only_a_response_that_ends_with_the_connection_needs_the_end_of_tls(
    piece: bytes, incomplete: bool
) -> None:
    async def go(ends_abruptly: bool) -> bool:
        stream = Script(piece)
        stream.ends_abruptly = ends_abruptly
        return (await get(Http1Connection(stream, 5.0), URL, 5.0)).incomplete

    assert asyncio.run(go(ends_abruptly=True)) is incomplete
    assert not asyncio.run(go(ends_abruptly=False))


def test_interim_answers_are_passed_over() -> None:
    assert fetch(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", page(b"hi")).body == "hi"


def test_the_old_version_is_understood() -> None:
    answer = fetch(b"HTTP/1.0 403 Forbidden\r\n\r\nno", b"")
    assert (answer.status, answer.version, answer.body) == (403, "HTTP/1.0", "no")


def test_a_reset_on_a_real_socket_keeps_its_number() -> None:
    async def reset() -> HttpResult:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            loop = asyncio.get_running_loop()
            connected = await LocalNet().connect("127.0.0.1", listener.getsockname()[1])
            assert connected.stream is not None
            other, _ = await loop.sock_accept(listener)
            asking = asyncio.ensure_future(get(Http1Connection(connected.stream, 5.0), URL, 5.0))
            await loop.sock_recv(other, 65536)
            # SO_LINGER with no time: close(2) sends a reset.
            other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            other.close()
            answer = await asking
            connected.stream.close()
            return answer

    failure = asyncio.run(reset()).failure
    assert failure is not None
    assert (failure.kind, failure.code) == ("reset", 104)


def test_a_server_that_says_nothing_is_given_up() -> None:
    async def silent() -> HttpResult:
        class Silent(Script):
            async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
                await asyncio.Event().wait()
                raise AssertionError

        return await get(Http1Connection(Silent(), 5.0), URL, 0.01)

    failure = asyncio.run(silent()).failure
    assert failure is not None
    assert failure.kind == "timeout"


def test_httpx_comes_without_its_command_line() -> None:
    program = (
        "import sys, diagnose.net.httpx_library;"
        "sys.exit(any(m.split('.')[0] in {'click','rich','pygments','httpcore','anyio'}"
        " for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
