"""What is wrong with an answer that is not HTTP, in plain words."""

import h11
import pytest

from diagnose.net.http_errors import http_failure
from diagnose.net.http_words import plain_words


def _refusal(answer: bytes) -> str:
    """Return what h11 says of an answer, in plain words."""
    state = h11.Connection(h11.CLIENT)
    state.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    state.send(h11.EndOfMessage())
    state.receive_data(answer)
    with pytest.raises(h11.RemoteProtocolError) as caught:
        list(iter(state.next_event, h11.NEED_DATA))
    failure = http_failure(caught.value)
    assert failure.kind == "protocol"
    return failure.message


HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    b"HTTP/1.1 99999 \xff\xfe\x1b[2J\r\n\r\n":
        "its first line is no status line of HTTP: HTTP/1.1 99999 \ufffd\ufffd\ufffd[2J",
    HEAD + b"X Y: z\r\n\r\n": "a line of its header is no field of HTTP: X Y: z",
    HEAD + b"no colon\r\n\r\n": "a line of its header is no field of HTTP: no colon",
    HEAD + b" a: b\r\n\r\n": "the header of the answer begins with a blank",
    HEAD + b"Content-Length: x\r\n\r\n": "the field Content-Length of the answer is no number",
    HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n":
        "the answer has several fields Content-Length that differ",
    HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n":
        "the answer has several fields Transfer-Encoding",
    HEAD + b"Transfer-Encoding: gzip\r\n\r\n":
        "the Transfer-Encoding of the answer is not chunked",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n":
        "a chunk of the answer begins without its length: hello",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n":
        "a chunk of the answer does not end where its length says",
    b"HTTP/1.1 010 Low\r\n\r\n": "the status of the answer is none of HTTP",
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_is_not_http(answer: bytes) -> None:
    assert _refusal(answer) == ANSWERS[answer]


@pytest.mark.parametrize("begin", ["illegal status line: ", "Illegal header name "])
@pytest.mark.parametrize("sent", ["bytearray(b'a", "b'\\x", "", "bytearray(b'\\'\\xff')"])
def test_is_total(begin: str, sent: str) -> None:
    assert "bytearray(b'\\'" not in plain_words(begin + sent)


def test_other_words_stay() -> None:
    assert plain_words("HTTP/2.0 where HTTP/1.1 was asked for").startswith("HTTP/2.0")
