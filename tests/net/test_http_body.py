"""Bodies that come whole, are cut, do not end, or are not what their header says."""

import asyncio
import gzip

import pytest

from diagnose.net.http import Http1Connection, HttpResult, get
from diagnose.net.http_body import BODY_EXCERPT, MAX_RECEIVED, BodyRead, read_rest
from diagnose.net.http_errors import MAX_BODY
from tests.support.streams import Script

URL = "http://shop.example.com/"


def head(*fields: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *fields, "", ""]).encode()


def read(*pieces: bytes | Exception, limit: int = MAX_RECEIVED) -> tuple[HttpResult, BodyRead]:
    """The answer, and its body as far as it was read."""

    async def go() -> tuple[HttpResult, BodyRead]:
        connection = Http1Connection(Script(*pieces), 5.0)
        answer = await get(connection, URL, 5.0)
        assert answer.body_read
        return answer, await read_rest(connection, answer.headers, answer.body_read, limit)

    return asyncio.run(go())


def test_a_long_body_is_read_to_its_end_after_the_answer() -> None:
    body = b"x" * 300_000
    answer, whole = read(head(f"Content-Length: {len(body)}"), *[body[:1000]] * 300)
    assert answer.body_read
    assert answer.body_read.received < 2 * BODY_EXCERPT
    assert (whole.end, whole.received, whole.failure) == ("complete", 300_000, None)


@pytest.mark.parametrize(
    ("pieces", "received"),
    [
        ((head("Content-Length: 10"), b"hello"), 5),
        ((head("Content-Length: 300000"), b"x" * 90_000, b"x" * 90_000), 180_000),
        ((head("Transfer-Encoding: chunked"), b"5\r\nhello\r\n"), 5),
        ((head("Transfer-Encoding: chunked"), b"5\r\nhello\r\n0\r\n"), 5),
        ((head("Content-Length: 10"), b"hello", ConnectionResetError(104, "reset")), 5),
    ],
)
def test_a_body_that_ends_too_early_is_cut(
    pieces: tuple[bytes | Exception, ...], received: int
) -> None:
    _, whole = read(*pieces)
    assert (whole.end, whole.received) == ("cut", received)
    assert whole.failure
    assert whole.failure.kind in {"closed", "reset"}


def test_what_are_no_chunks_cut_the_body_too() -> None:
    _, whole = read(head("Transfer-Encoding: chunked"), b"zz\r\n")
    assert whole.end == "cut"
    assert whole.failure
    assert whole.failure.kind == "protocol"


def test_chunks_with_bare_line_feeds_are_unknown_because_browsers_read_them() -> None:
    _, whole = read(head("Transfer-Encoding: chunked"), b"5\nhello\n0\n\n")
    assert (whole.end, whole.failure) == ("unread", None)


def test_trailers_and_the_end_of_the_connection_end_a_body() -> None:
    chunks = b"5\r\nhello\r\n0\r\nX-Time: 1\r\n\r\n"
    assert read(head("Transfer-Encoding: chunked"), chunks)[1].end == "complete"
    assert read(head(), b"hello")[1].end == "complete"


def test_a_body_that_never_ends_or_stalls_is_left_unread() -> None:
    _, whole = read(head(), *[b"x" * 60_000] * 100)
    assert whole.end == "unread"
    assert MAX_RECEIVED <= whole.received < MAX_RECEIVED + MAX_BODY
    _, stalled = read(head("Content-Length: 10"), b"hello", TimeoutError(), TimeoutError())
    assert (stalled.end, stalled.received, stalled.failure) == ("unread", 5, None)
    assert read(head(), *[b"x" * 60_000] * 100, limit=100_000)[1].received < 200_000


def test_the_coding_is_tested_over_the_whole_body() -> None:
    good = gzip.compress(b"hello" * 50_000)
    _, whole = read(head("Content-Encoding: gzip", f"Content-Length: {len(good)}"), good)
    assert whole.coding_fault == ""
    _, plain = read(head("Content-Encoding: gzip", "Content-Length: 5"), b"hello")
    assert plain.coding_fault == "invalid"
    twice = gzip.compress(b"hello")
    _, lines = read(head(*["Content-Encoding: gzip"] * 2, f"Content-Length: {len(twice)}"), twice)
    assert lines.coding_fault == "invalid"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (["X Frame: a"], "field-name"),
        (["no field at all"], "no-colon"),
        (["Content-Length: 5", "Content-Length: 6"], "different-lengths"),
        (["Location: /a", "Location: /b"], "different-locations"),
    ],
)
def test_a_header_that_browsers_read_is_read_and_its_fault_named(
    fields: list[str], fault: str
) -> None:
    answer, _ = read(head(*fields), b"hello")
    assert (answer.status, answer.body, answer.failure) == (200, "hello", None)
    assert [kind for kind, _ in answer.header_faults] == [fault]


def test_a_doubled_transfer_coding_is_read_as_browsers_do() -> None:
    fields = ["Transfer-Encoding: chunked"] * 2
    answer, whole = read(head(*fields), b"5\r\nhello\r\n", b"0\r\n\r\n")
    assert (answer.body, whole.end) == ("hello", "complete")
    assert answer.header_faults == (("transfer-coding", "Transfer-Encoding"),)


def test_the_next_request_on_the_connection_has_no_fault() -> None:
    async def twice() -> tuple[HttpResult, HttpResult]:
        first = head("X Frame: a", "Content-Length: 2") + b"hi"
        connection = Http1Connection(Script(first, head("Content-Length: 2") + b"ho"), 5.0)
        return await get(connection, URL, 5.0), await get(connection, URL, 5.0)

    first, second = asyncio.run(twice())
    assert first.header_faults
    assert (second.body, second.header_faults) == ("ho", ())
