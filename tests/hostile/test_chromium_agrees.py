"""What Chromium makes of a faulty response, and what the program says of the same.

Where Chromium shows no page, the program names an error; where it shows the page, no error. What
Safari alone refuses, and what only proxies refuse, is marked.
"""

import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.chromium import CHROMIUM, PATIENCE, Tab, browser
from tests.support.effort import ALL

from .running import ROOT

PAGE = b"<!doctype html><title>Shop</title><p>It works.</p>\n"
GZIP = "Content-Encoding: gzip"
CHUNKED = "Transfer-Encoding: chunked"
REFUSED = "ERR_HTTP2_PROTOCOL_ERROR"
UNDECODABLE = "ERR_CONTENT_DECODING_FAILED"
TWO_LENGTHS = "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH"

#: Chromium's events of a page that came, or did not, to its end.
ENDINGS = ("Network.loadingFinished", "Network.loadingFailed")


@dataclass(frozen=True)
class Case:
    """A response, the error with which Chromium fails, and the root cause that the program names,
    both "" for none. `severity` is that of the cause."""

    name: str
    data: bytes
    error: str = ""
    cause: str = ""
    severity: str = "error"
    http2: bool = False


def answer(*fields: str, body: bytes = PAGE, length: bool = True) -> bytes:
    head = ["HTTP/1.1 200 OK", "Content-Type: text/html", "Connection: close", *fields]
    head += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """RFC 9113 section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, stream]) + payload


def field(name: bytes, value: bytes) -> bytes:
    """A field without a table (RFC 7541 section 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


SETTINGS = frame(4, 0, 0) + frame(4, 1, 0)


def frames(name: bytes = b"x-a", value: bytes = b"a") -> bytes:
    head = field(b":status", b"200") + field(b"content-type", b"text/html") + field(name, value)
    return SETTINGS + frame(1, 4, 1, head) + frame(0, 1, 1, PAGE)


CUT, CODING, HEADER = "http.body-cut", "http.wrong-content-encoding", "http.invalid-header"
HTTP2 = "http.http2-broken"
LAST = b"0\r\n\r\n"
PACKED = gzip.compress(PAGE)
BARE = b"%x\n%s\n0\n\n" % (len(PAGE), PAGE)
CASES = (
    Case("whole", answer()),
    Case("length too large", answer("Content-Length: 500", length=False),
         "ERR_CONTENT_LENGTH_MISMATCH", CUT),
    Case("no last chunk", answer(CHUNKED, body=chunk(PAGE), length=False),
         "ERR_INCOMPLETE_CHUNKED_ENCODING", CUT),
    Case("no chunks", answer(CHUNKED, length=False), "ERR_INVALID_CHUNKED_ENCODING", CUT),
    Case("chunks with bare line feeds", answer(CHUNKED, body=BARE, length=False)),
    Case("two lengths", answer("Content-Length: 30"), TWO_LENGTHS, HEADER),
    Case("the same length twice", answer(f"Content-Length: {len(PAGE)}")),
    Case("NUL in a value", answer("X-A: a\0b"), "ERR_INVALID_HTTP_RESPONSE", HEADER),
    Case("gzip in name", answer(GZIP), UNDECODABLE, CODING),
    Case("gzip", answer(GZIP, body=PACKED)),
    Case("gzip named twice", answer(GZIP, GZIP, body=PACKED), UNDECODABLE, CODING),
    Case("gzip after a blank line", answer(GZIP, body=b"\n" + PACKED), UNDECODABLE, CODING),
    Case("gzip with a wrong checksum", answer(GZIP, body=PACKED[:-8] + b"12345678")),
    Case("brotli in name", answer("Content-Encoding: br"), UNDECODABLE, CODING),
    Case("zstd in name", answer("Content-Encoding: zstd"), UNDECODABLE, CODING),
    Case("a coding that nobody knows", answer("Content-Encoding: UTF-8")),
    # Chromium shows these pages, and nginx in front of such a server answers 502.
    Case("chunked twice", answer(CHUNKED, CHUNKED, body=chunk(PAGE) + LAST, length=False), "",
         HEADER, "warning"),
    Case("length and chunks", answer(CHUNKED, body=chunk(PAGE) + LAST), "", HEADER, "warning"),
    Case("space in a name", answer("X Frame Options: DENY"), "", HEADER, "warning"),
    Case("no colon", answer("this is no field"), "", HEADER, "warning"),
    Case("frames", frames(), http2=True),
    Case("upper case", frames(b"X-Frame"), REFUSED, HTTP2, http2=True),
    Case("transfer coding", frames(b"transfer-encoding", b"chunked"), REFUSED, HTTP2, http2=True),
    Case("control character", frames(b"x-a", b"a\x01b"), REFUSED, HTTP2, http2=True),
    Case("reset", SETTINGS + frame(3, 0, 1, b"\0\0\0\x01"), REFUSED, HTTP2, http2=True),
    Case("goes away", SETTINGS + frame(7, 0, 0, bytes(7) + b"\x01"), REFUSED, HTTP2, http2=True),
    Case("HTTP/1.1 where HTTP/2 was agreed", answer(), REFUSED, HTTP2, http2=True),
    Case("asks for HTTP/1.1", SETTINGS + frame(3, 0, 1, b"\0\0\0\x0d"), http2=True),
    # Safari and curl refuse it (RFC 9113 section 8.2.2), Chromium does not.
    Case("upgrade", frames(b"upgrade", b"h2,h2c"), "", HTTP2, http2=True),
)  # fmt: skip
SAMPLE = CASES if ALL else CASES[::3]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here.")


class Authority:
    def __init__(self, folder: Path) -> None:
        self.root, self.file = trustme.CA(), folder / "root.pem"
        self.root.cert_pem.write_to_path(str(self.file))
        self.leaf = self.root.issue_cert("127.0.0.1")

    def context(self, http2: bool) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.leaf.configure_cert(made)
        made.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
        return made


@contextmanager
def serving(case: Case, authority: Authority) -> Iterator[str]:
    """The URL at which the response is served, again and again."""
    context = authority.context(case.http2)
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        threading.Thread(target=_accept, args=(listener, context, case), daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, context: ssl.SSLContext, case: Case) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            work = threading.Thread(target=_answer, args=(connection, context, case), daemon=True)
            work.start()


def _answer(connection: socket.socket, context: ssl.SSLContext, case: Case) -> None:
    connection.settimeout(30)
    with (
        contextlib.suppress(OSError),
        connection,
        context.wrap_socket(connection, server_side=True) as secure,
    ):
        is_http2 = secure.selected_alpn_protocol() == "h2"
        if _request(secure, is_http2):
            secure.sendall(case.data if is_http2 or not case.http2 else answer())
            secure.unwrap()


def _request(secure: ssl.SSLSocket, is_http2: bool) -> bool:
    """Read to the end of a request: of HTTP/2 to its frame of HEADERS on the first stream."""
    data = b""
    while b"\r\n\r\n" not in data if not is_http2 else not _has_headers(data):
        piece = secure.recv(65536)
        if not piece:
            return False
        data += piece
    return True


def _has_headers(data: bytes) -> bool:
    at = 24  # the preface (RFC 9113 section 3.4)
    while len(data) >= at + 9:
        if data[at + 3] == 1:
            return len(data) >= at + 9 + int.from_bytes(data[at : at + 3], "big")
        at += 9 + int.from_bytes(data[at : at + 3], "big")
    return False


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(
        tmp_path_factory.mktemp("chromium"), (800, 600), "--ignore-certificate-errors"
    ) as page:
        yield page


def chromium_error(tab: Tab, url: str) -> str:
    """The error with which Chromium fails to load a page, "" for none."""
    tab.events.clear()
    navigated = tab.call("Page.navigate", url=url)
    if error := navigated.get("errorText"):
        return str(error).removeprefix("net::")
    loader = navigated["loaderId"]

    def ended() -> bool:
        return any(event["requestId"] == loader for name in ENDINGS for event in tab.told(name))

    deadline = time.monotonic() + PATIENCE
    while not ended():
        assert time.monotonic() < deadline, f"{url} does not end"
        # A page that failed draws no picture that could be waited for.
        tab.evaluate("new Promise(done => setTimeout(done, 20))")
    failures = [
        event["errorText"]
        for event in tab.told("Network.loadingFailed")
        if event["requestId"] == loader
    ]
    return str(failures[0]).removeprefix("net::") if failures else ""


def named(url: str, authority: Authority) -> list[tuple[str, str]]:
    """The root causes that the program names, with their severity."""
    argv = ["--json", "--outside", "--skip", "websocket", "--cafile", str(authority.file), url]
    result = subprocess.run(
        [sys.executable, "-m", "diagnose", *argv], capture_output=True, cwd=ROOT, check=False
    )
    report: dict[str, Any] = json.loads(result.stdout)
    causes = report["verdict"]["root_causes"]
    return [
        (finding["check"], finding["severity"])
        for finding in report["findings"]
        if finding["id"] in causes
    ]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_the_program_says_what_chromium_does(case: Case, tab: Tab, authority: Authority) -> None:
    with serving(case, authority) as url:
        assert chromium_error(tab, url) == case.error
        assert named(url, authority) == ([(case.cause, case.severity)] if case.cause else [])
