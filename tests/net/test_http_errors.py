"""What else a server may send in the place of an HTTP answer."""

import pytest

from diagnose.net.http_errors import NotHttp

#: RFC 9113 section 4.1: three bytes of length, type, flags, and the number of the stream.
SETTINGS = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"
GOAWAY = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01"


@pytest.mark.parametrize(
    "record",
    [
        b"\x15\x03\x01\0\x02\x02\x0a",  # an alert, RFC 8446 section 5.1
        b"\x16\x03\x03\0\x04\0\0\0\0",  # a handshake
    ],
)
def test_a_tls_record_is_known(record: bytes) -> None:
    error = NotHttp(record)
    assert (error.tls, error.http2) == (True, False)
    assert str(error) == "no HTTP answer came, but a TLS record"


@pytest.mark.parametrize("frame", [SETTINGS, GOAWAY])
def test_the_first_frame_of_http_2_is_known(frame: bytes) -> None:
    error = NotHttp(frame)
    assert (error.tls, error.http2) == (False, True)
    assert str(error) == "no HTTP answer came, but HTTP/2"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x15",
        b"\x17\x03\x03\0\x01\0",  # TLS never begins with application data
        SETTINGS[:8],
        SETTINGS[:8] + b"\x01",  # settings belong to the connection, not to a stream
        b"\0\0\0\0\0\0\0\0\0",  # DATA
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_anything_else_is_neither(data: bytes) -> None:
    error = NotHttp(data)
    assert not error.tls
    assert not error.http2


def test_other_words_are_shown_harmless_and_not_without_end() -> None:
    assert str(NotHttp(b"220 mail.example ESMTP\r\n")).endswith("but 220 mail.example ESMTP")
    text = str(NotHttp(b"\x1b[2J\xff\0" + b"x" * 9000))
    assert text.isprintable()
    assert len(text) < 100
