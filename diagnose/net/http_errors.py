"""What HTTP/1.1 and HTTP/2 share: the limit of a body, and responses that are not HTTP."""

from diagnose.parsers.sanitize import clean

#: At most so many bytes of a body are read.
MAX_BODY = 65536


class NotHttp2(Exception):
    """The server agreed to HTTP/2, but did not send a valid HTTP/2 response."""


class NotHttp(Exception):
    """The received data is not an HTTP response (RFC 9112 section 4).

    `tls` is set if it begins like a TLS record (RFC 8446 section 5.1), `http2` if like HTTP/2.
    """

    def __init__(self, data: bytes) -> None:
        self.tls = data[:2] in {b"\x15\x03", b"\x16\x03"}
        # A SETTINGS or GOAWAY frame on stream 0 (RFC 9113 section 4.1).
        self.http2 = data[3:4] in {b"\x04", b"\x07"} and data[5:9] == bytes(4)
        description = "a TLS record" if self.tls else "HTTP/2" if self.http2 else clean(data, 60)
        super().__init__(f"no HTTP answer came, but {description}")
