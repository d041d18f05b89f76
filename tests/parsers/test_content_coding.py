"""Bodies as servers code them rightly and wrongly; what counts is what Chromium makes of each."""

import gzip
import zlib

import pytest

from diagnose.parsers.content_coding import MAX_DECODED, CodingTest, codings_of

PAGE = b"<!doctype html><title>Shop</title>"
PACKED = gzip.compress(PAGE, mtime=0)
RAW = zlib.compress(PAGE)[2:-4]
ZSTD = b"\x28\xb5\x2f\xfd\x04\x00"
#: "hello" in one block without compression (RFC 7932 section 9).
BROTLI = b"\x0b\x02\x80hello\x03"


def fault(field: str, *pieces: bytes, media_type: str = "text/html; charset=utf-8") -> str:
    test = CodingTest(field, media_type)
    for piece in pieces:
        test.feed(piece)
    return test.fault


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("", PAGE),
        ("identity", PAGE),
        ("gzip", PACKED),
        ("X-GZIP", PACKED),
        ("gzip, gzip", gzip.compress(PACKED, mtime=0)),
        ("gzip", PACKED[:20]),
        ("gzip", PACKED[:-8] + b"12345678"),
        ("gzip", PACKED + b"\n\n"),
        ("gzip", PACKED + PACKED),
        ("gzip", b""),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", RAW),
        ("br", BROTLI),
        ("zstd", ZSTD),
        ("zstd", b"\x50\x2a\x4d\x18"),
        ("UTF-8", PAGE),
        ("gzip, UTF-8", PAGE),
        ("none", PACKED[:3]),
    ],
)
def test_what_browsers_read_has_no_fault(field: str, body: bytes) -> None:
    assert fault(field, body) == ""
    assert fault(field, *(bytes([byte]) for byte in body)) == ""


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("gzip", PAGE),
        ("gzip", b"\xef\xbb\xbf" + PACKED),
        ("gzip", b"\n" + PACKED),
        ("gzip", zlib.compress(PAGE)),
        ("gzip, gzip", PACKED),
        ("deflate", PAGE),
        ("deflate", PACKED),
        ("br", PAGE),
        ("br", b'{"a": 1}'),
        ("zstd", PAGE),
    ],
)
def test_what_browsers_cannot_decode_is_not_what_the_header_says(field: str, body: bytes) -> None:
    assert fault(field, body) == "invalid"
    assert fault(field, *(bytes([byte]) for byte in body)) == "invalid"


def test_text_that_is_gzip_still_or_unnamed() -> None:
    assert fault("gzip", gzip.compress(PACKED, mtime=0)) == "twice"
    assert fault("", PACKED) == "unnamed"
    assert fault("", PACKED, media_type="application/gzip") == ""
    assert fault("gzip", gzip.compress(PACKED, mtime=0), media_type="application/x-tar") == ""


def test_no_bomb_goes_off() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    test = CodingTest("gzip, gzip", "text/html")
    for _ in range(100):
        test.feed(bomb)
    assert test._decoded <= 2 * MAX_DECODED


def test_a_word_that_nobody_knows_ends_the_decoding() -> None:
    assert codings_of("gzip, br") == ("gzip", "br")
    assert codings_of("gzip, sdch") is None
    assert codings_of(" , ") == ()
