"""What HTTP/1.1 and HTTP/2 share: the limit of a body, and responses that are not HTTP."""

from diagnose.model import Failure
from diagnose.net.error_mapping import failure_of
from diagnose.parsers.sanitize import clean

#: At most so many bytes of a body are read.
MAX_BODY = 65536


#: How servers of other protocols greet: IMAP (RFC 9051 section 7.1), POP3 (RFC 1939 section 4),
#: SMTP (RFC 5321 section 4.2) and FTP, SSH (RFC 4253 section 4.2).
GREETINGS = (
    ("IMAP", (b"* OK", b"* PREAUTH", b"* BYE")),
    ("POP3", b"+OK"),
    ("SMTP", (b"220 ", b"220-")),
    ("SSH", b"SSH-"),
)


class InvalidUrl(ValueError):
    """A URL that no request can be made for."""


class NotHttp2(Exception):
    """The server agreed to HTTP/2, but did not send a valid HTTP/2 response.

    `name` is explained at `BrowserVisit`, `code` is an error code (RFC 9113 section 7).
    """

    def __init__(self, message: str, name: str | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.name, self.code = name, code


class NotHttp(Exception):
    """The received data is not an HTTP response (RFC 9112 section 4).

    `tls` is set if it begins like a TLS record (RFC 8446 section 5.1), `http2` if like HTTP/2,
    `greeting` is the protocol of a server that speaks first, "" for another.
    """

    def __init__(self, data: bytes) -> None:
        self.greeting = next((name for name, begin in GREETINGS if data.startswith(begin)), "")
        self.tls = data[:2] in {b"\x15\x03", b"\x16\x03"}
        # A SETTINGS or GOAWAY frame on stream 0 (RFC 9113 section 4.1).
        self.http2 = data[3:4] in {b"\x04", b"\x07"} and data[5:9] == bytes(4)
        description = "a TLS record" if self.tls else "HTTP/2" if self.http2 else clean(data, 60)
        super().__init__(f"no HTTP answer came, but {description}")


def http_failure(error: Exception) -> Failure:
    """Return the failure for an exception of HTTP/1.1, HTTP/2 or the stream below."""
    match error:
        case NotHttp():
            name = "TLS" if error.tls else "HTTP2" if error.http2 else error.greeting
            return Failure("protocol", str(error), name=name or None)
        case NotHttp2():
            return Failure("protocol", clean(str(error)), error.code, error.name)
        case OSError() | EOFError():
            return failure_of(error)
        case _:
            # h11.ProtocolError, InvalidUrl. h11 has one class for a body that ends too early
            # and for one that is malformed.
            # Imported late: most answers are HTTP.
            from diagnose.net.http_words import plain_words

            message = clean(plain_words(str(error)))
            return Failure("closed" if "closed connection" in message else "protocol", message)
