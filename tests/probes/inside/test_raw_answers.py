"""What an answer of raw bytes says."""

from diagnose.model import Failure
from diagnose.probes.inside.raw_answers import RawAnswer


def answer(reply: bytes, failure: Failure | None = None) -> RawAnswer:
    return RawAnswer(("127.0.0.1", 3000), "curl", reply, failure)


def test_fields() -> None:
    html = answer(
        b"HTTP/1.1 200 OK\r\nX: 1\r\ncontent-type:\t Text/HTML; charset=x\r\n\r\nLocation: /no"
    )
    assert html.field("Content-Type") == "Text/HTML; charset=x"
    assert html.is_html
    assert html.field("Location") == ""
    assert html.field("X.") == ""
    assert not answer(b"HTTP/1.1 200 OK\nContent-Type: text/plain\n\n<html>").is_html


def test_a_response_is_no_fault() -> None:
    cut = Failure("timeout", "no more bytes")
    assert answer(b"HTTP/1.1 404 Not Found\r\n\r\n", cut).fault is None
    assert answer(b"", cut).fault is cut
    assert answer(b"SSH-2.0-OpenSSH\r\n").fault == Failure("protocol", "no HTTP answer")
