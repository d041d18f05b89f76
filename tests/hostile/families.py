"""The hostile servers: families of oddities, each with its parameters."""

import base64
import gzip
import hashlib
import re
import socket
import struct
from collections.abc import Iterator

from .scripts import Server, Step, drip, flood, hang, hello, request, reset, send

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def servers() -> tuple[Server, ...]:
    """All of them, each by a name of its own."""
    every = (*_tcp(), *_records(), *_answers(), *_headers(), *_bodies(), *_redirects(),
             *_websockets(), *_names())  # fmt: skip
    return tuple(every)


# TCP: before any TLS


def _tcp() -> Iterator[Server]:
    words = {
        "nothing": b"", "ssh": b"SSH-2.0-OpenSSH_10.0\r\n", "smtp": b"220 mail ESMTP\r\n",
        "http": OK, "http-400": b"HTTP/1.1 400 Bad Request\r\n\r\n", "ftp": b"220 FTP\r\n",
        "zeros": bytes(1000), "ones": b"\xff" * 1000, "telnet": b"\xff\xfd\x18\xff\xfd\x20",
        "escapes": b"\x1b[2J\x1b]0;owned\x07", "newline": b"\n", "proxy": b"PROXY TCP4 1 2 3 4\r\n",
        "mysql": b"\x4a\x00\x00\x00\x0a8.0.36\x00", "redis": b"-ERR unknown command\r\n",
    }  # fmt: skip
    ends: dict[str, tuple[Step, ...]] = {"closes": (), "hangs": (hang,), "resets": (reset,)}
    for word, data in words.items():
        for end, steps in ends.items():
            yield Server(f"tcp {word} first, {end}", (send(data), *steps))
            if end != "hangs":
                yield Server(f"tcp {word} after hello, {end}", (hello, send(data), *steps))
    for name, data in {
        "zeros": b"\0",
        "text": b"A line\r\n",
        "interim": b"HTTP/1.1 100 C\r\n\r\n",
    }.items():
        yield Server(f"tcp flood of {name}", (flood(data),))
        yield Server(f"tcp flood of {name} after hello", (hello, flood(data)))
    yield Server("tcp drips http", (hello, drip(OK), hang))


# TLS: records and messages that no library sends (RFC 8446, RFC 5246)


def _record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", kind, version, len(body)) + body


def _message(kind: int, body: bytes) -> bytes:
    return _record(22, bytes([kind]) + len(body).to_bytes(3, "big") + body)


SERVER_HELLO = struct.pack("!H", 0x0303) + bytes(32) + b"\0" + b"\xc0\x2f" + b"\0"


def _records() -> Iterator[Server]:
    alerts = (0, 10, 20, 22, 30, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90,
              100, 109, 110, 111, 112, 113, 115, 116, 120, 255)  # fmt: skip
    for level in (1, 2):
        for code in alerts:
            yield Server(
                f"tls alert {level}/{code}", (hello, send(_record(21, bytes([level, code]))))
            )
    for version in (0x0000, 0x0200, 0x0300, 0x0301, 0x0305, 0x7F1C, 0xFFFF):
        data = _record(22, b"\x02\0\0\0", version)
        yield Server(f"tls version {version:04x}", (hello, send(data), hang))
    for kind in (0, 19, 20, 21, 23, 24, 25, 255):
        yield Server(f"tls record of kind {kind}", (hello, send(_record(kind, b"\x01\x00")), hang))
        yield Server(f"tls flood of kind {kind}", (hello, flood(_record(kind, b"\x01"))))
    for kind in (0, 1, 2, 4, 8, 11, 12, 14, 20, 22, 24, 254):
        yield Server(f"tls message {kind}", (hello, send(_message(kind, b"")), hang))
    yield Server("tls flood of hello requests", (hello, flood(_message(0, b""))))
    yield Server("tls flood of empty records", (hello, flood(_record(22, b""))))
    yield Server("tls flood of server hellos", (hello, flood(_message(2, SERVER_HELLO))))
    yield Server("tls server hello, closes", (hello, send(_message(2, SERVER_HELLO))))
    yield Server("tls server hello, hangs", (hello, send(_message(2, SERVER_HELLO)), hang))
    yield Server("tls server hello, dripped", (hello, drip(_message(2, SERVER_HELLO)), hang))
    yield Server(
        "tls record longer than allowed", (hello, send(b"\x16\x03\x03\xff\xff"), flood(b"a"))
    )
    yield Server(
        "tls message longer than allowed",
        (hello, send(_record(22, b"\x0b\xff\xff\xff")), flood(_record(22, bytes(1000)))),
    )
    for count in (0, 1, 3):
        chain = (count * 10).to_bytes(3, "big") + (b"\0\0\x07garbage" * count)
        data = _message(2, SERVER_HELLO) + _message(11, chain)
        yield Server(f"tls {count} garbled certificates", (hello, send(data), hang))


# HTTP/1.1: status lines (RFC 9112 section 4), inside TLS that is in order


def _http(name: str, *steps: Step) -> Server:
    return Server(name, (request, *steps), tls=True)


def _answers() -> Iterator[Server]:
    lines = (
        b"HTTP/1.1 200", b"HTTP/1.1  200 OK", b"HTTP/1.1 0 None", b"HTTP/1.1 99 Low", b"HTTP/1.1 600 High",
        b"HTTP/1.1 999 Odd", b"HTTP/1.1 1000 Long", b"HTTP/1.1 -1 Minus", b"HTTP/1.1 2OO OK", b"HTTP/1.1",
        b"HTTP/2 200 OK", b"HTTP/0.9 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.2 200 OK", b"HTTP/9.9 200 OK",
        b"http/1.1 200 OK", b"HTTP 200 OK", b"ICY 200 OK", b"<html>", b"\0\0\0", b"\xef\xbb\xbfHTTP/1.1 200 OK",
        b"HTTP/1.1 200 \x1b[31mred", b"HTTP/1.1 200 " + b"a" * 100_000, b"HTTP/1.1 204 Nothing",
        b"HTTP/1.1 205 Reset", b"HTTP/1.1 304 Same", b"HTTP/1.1 101 Switched", b"HTTP/1.1 206 Part",
        b"HTTP/1.1 400 Bad", b"HTTP/1.1 401 Who", b"HTTP/1.1 403 No", b"HTTP/1.1 404 Gone", b"HTTP/1.1 421 Other",
        b"HTTP/1.1 429 Slow", b"HTTP/1.1 500 Broken", b"HTTP/1.1 502 Gate", b"HTTP/1.1 503 Busy", b"HTTP/1.1 504 Late",
    )  # fmt: skip
    for line in lines:
        shown = line[:24].decode("latin-1").encode("unicode_escape").decode()
        end = b"\r\nContent-Length: 2\r\n\r\nok"
        yield _http(f"http status {shown!r}", send(line + end))
    yield _http("http closes without an answer")
    yield _http("http resets without an answer", reset)
    yield _http("http hangs without an answer", hang)
    yield _http("http answer cut in its status", send(b"HTTP/1.1 20"))
    yield _http("http answer cut in its header", send(b"HTTP/1.1 200 OK\r\nConte"))
    yield _http("http answer dripped", drip(OK), hang)
    for code in (100, 102, 103, 199):
        interim = b"HTTP/1.1 %d Wait\r\n\r\n" % code
        yield _http(f"http flood of {code}", flood(interim))
        yield _http(f"http {code} and then 200", send(interim + OK))
    yield _http("http flood of 101", flood(b"HTTP/1.1 101 Switching\r\n\r\n"))
    yield _http("http flood without line ends", flood(b"a"))
    yield _http("http flood of line ends", flood(b"\r\n"))
    yield _http("http answers many times", flood(OK))


def _headers() -> Iterator[Server]:
    fields = {
        "without a colon": b"Nonsense", "of a name of spaces": b"   : a", "with a blank name": b": a",
        "with NUL": b"A: a\0b", "with escapes": b"Server: \x1b]0;owned\x07", "folded": b"A: a\r\n b\r\n c",
        "with a bare CR": b"A: a\rb", "with a bare LF": b"A: a\nB: b", "in latin-1": b"A: \xe9\xff",
        "in UTF-8": "Sërver: 名".encode(), "very long": b"A: " + b"a" * 200_000,
        "a length twice": b"Content-Length: 2\r\nContent-Length: 3", "a length of minus one": b"Content-Length: -1",
        "a length of words": b"Content-Length: two", "a length beyond all": b"Content-Length: " + b"9" * 400,
        "length and chunked": b"Transfer-Encoding: chunked", "an odd coding": b"Transfer-Encoding: nonsense",
        "a bad HSTS": b"Strict-Transport-Security: max-age=" + b"9" * 5000,
        "a date beyond all": b"Date: Mon, 99 Jan 99999 99:99:99 GMT", "a date of nothing": b"Date: ",
        "a large date": b"Date: Fri, 31 Dec 9999 23:59:59 -9999", "a cookie bomb": b"Set-Cookie: a=" + b"b" * 60_000,
        "upgrade unasked": b"Upgrade: h2c\r\nConnection: Upgrade", "bidi": "Server: \u202e\u2066x".encode(),
        "a retry beyond all": b"Retry-After: " + b"9" * 1000, "alt-svc": b'Alt-Svc: h3=":0"; ma=' + b"9" * 99,
    }  # fmt: skip
    for name, field in fields.items():
        length = b"" if b"Content-Length" in field else b"Content-Length: 2\r\n"
        yield _http(f"header {name}", send(b"HTTP/1.1 200 OK\r\n" + length + field + b"\r\n\r\nok"))
    for count in (100, 1000, 20_000):
        many = b"".join(b"A%d: b\r\n" % number for number in range(count))
        yield _http(f"header of {count} fields", send(b"HTTP/1.1 200 OK\r\n" + many + b"\r\n"))
    yield _http("header without end", send(b"HTTP/1.1 200 OK\r\n"), flood(b"A: b\r\n"))
    yield _http("header field without end", send(b"HTTP/1.1 200 OK\r\nA: "), flood(b"b"))


def _bodies() -> Iterator[Server]:
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    sizes = {
        "negative": b"-1\r\n", "of letters": b"xyz\r\n", "beyond all": b"f" * 40 + b"\r\n", "hex": b"0x2\r\nok\r\n",
        "empty": b"\r\n", "with a long extension": b"2;" + b"a" * 100_000 + b"\r\nok\r\n0\r\n\r\n",
        "without its end": b"2\r\nokok", "cut": b"ffff\r\nok", "in order": b"2\r\nok\r\n0\r\n\r\n",
        "spaced": b" 2 \r\nok\r\n0\r\n\r\n", "NUL": b"\0\r\n",
    }  # fmt: skip
    for name, body in sizes.items():
        yield _http(f"chunk size {name}", send(chunked + body))
    yield _http("chunk without end", send(chunked), flood(b"1\r\na\r\n"), hang)
    yield _http("chunk extension without end", send(chunked + b"2;"), flood(b"a"))
    yield _http("trailers without end", send(chunked + b"0\r\n"), flood(b"A: b\r\n"))
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    yield _http("body without end", send(page + b"\r\n"), flood(b"<p>"), hang)
    yield _http("body shorter than its length", send(page + b"Content-Length: 99\r\n\r\nok"))
    yield _http("body that hangs", send(page + b"Content-Length: 99\r\n\r\nok"), hang)
    yield _http("body that resets", send(page + b"Content-Length: 99\r\n\r\nok"), reset)
    yield _http(
        "body longer than its length", send(page + b"Content-Length: 2\r\n\r\n" + b"a" * 999)
    )
    bomb = gzip.compress(bytes(20_000_000))
    packed = page + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    yield _http("body a bomb", send(packed % len(bomb) + bomb))
    yield _http("body of bad gzip", send(packed % 2 + b"ok"))
    texts = {
        "nested": b"<div>" * 12_000, "of open tags": b"<a " * 20_000, "of open scripts": b"<script>" * 8000,
        "of socket addresses": b'"ws://a.example/b" ' * 3000, "of open comments": b"<!--" * 16_000,
        "refreshing itself": b'<meta http-equiv="refresh" content="0;url=/">', "of NUL": bytes(60_000),
        "of escapes": b"\x1b[2J" * 9000, "of quotes": b"\"'" * 30_000, "of wss:": b"wss:" * 15_000,
        "of colons": b":" * 60_000, "of surrogates": b"\xed\xa0\x80" * 20_000,
    }  # fmt: skip
    files = b"".join(
        b"<script src=/%d.js></script><link rel=stylesheet href=/%d.css>" % (n, n)
        for n in range(500)
    )
    texts["of scripts and style sheets"] = files
    texts["with a base of another kind"] = b"<base href='javascript:0'>" + files
    whole = page + b"Content-Length: %d\r\n\r\n" % len(files) + files
    yield _http("page whose files hang", send(whole), request, hang)
    yield _http(
        "page whose files never end", send(whole), request, send(page + b"\r\n"), flood(b"a")
    )
    circle = b"HTTP/1.1 302 Found\r\nLocation: /0.js\r\nContent-Length: 0\r\n\r\n"
    yield _http("page whose files lead in a circle", send(whole), request, send(circle))
    for name, text in texts.items():
        length = b"Content-Length: %d\r\n\r\n" % len(text)
        yield _http(f"page {name}", send(page + length + text))
        yield _http(
            f"page {name}, as an error", send(page.replace(b"200 OK", b"502 Bad") + length + text)
        )


def _redirects() -> Iterator[Server]:
    targets = (
        b"", b"/", b"//", b"///", b"?", b"#", b"http:", b"https:", b"https://", b"https:///", b"http://[::1",
        b"http://[", b"http://a b/", b"http://a:99999/", b"http://a:-1/", b"http://:@/", b"javascript:alert(1)",
        b"file:///etc/passwd", b"data:text/html,a", b"ws://a.invalid/", b"ftp://a.invalid/", b"//a.invalid/",
        b"http://127.0.0.1:1/", b"http://169.254.169.254/latest/", b"http://0x7f.1/", b"http://2130706433/",
        b"http://a.invalid/\x1b[31m", b"http://a.invalid/\xff\xfe", b"http://xn--/", b"http://" + b"a" * 300 + b"/",
        b"/" + b"a" * 100_000, b"http://%00/", b"http://a.invalid@b.invalid/", b"../" * 5000, b"http://\xe9.invalid/",
    )  # fmt: skip
    for number, target in enumerate(targets):
        shown = target[:30].decode("latin-1").encode("unicode_escape").decode()
        for code in (301, 308) if number % 5 == 0 else (302,):
            head = b"HTTP/1.1 %d Moved\r\nContent-Length: 0\r\nLocation: " % code
            yield _http(f"redirect {code} to {shown!r}", send(head + target + b"\r\n\r\n"))
    empty = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
    yield _http("redirect to nowhere", send(empty + b"\r\n"))
    yield _http("redirect to two places", send(empty + b"Location: /a\r\nLocation: /b\r\n\r\n"))

    def onwards(connection: socket.socket) -> None:
        for number in range(1000):
            connection.sendall(empty + b"Location: /%d\r\n\r\n" % number)
            request(connection)

    yield _http("redirect on and on", onwards)


# WebSocket (RFC 6455)


def _frame(opcode: int, data: bytes = b"", first: int = 0x80) -> bytes:
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
    return bytes([first | opcode]) + size + data


def _upgraded(*steps: Step, accept: bytes | None = None, fields: bytes = b"") -> tuple[Step, ...]:
    """The page gets its answer, and the WebSocket a handshake that is in order."""

    def shake(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                raise OSError
            head += data
        key = re.search(rb"(?i)sec-websocket-key:\s*(\S+)", head)
        if key is None:
            connection.sendall(OK)
            return shake(connection)
        digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        said = base64.b64encode(digest) if accept is None else accept
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + said + b"\r\n" + fields + b"\r\n"
        )
        return None

    return (shake, *steps)


def _websockets() -> Iterator[Server]:
    def made(name: str, steps: tuple[Step, ...]) -> Server:
        return Server(f"websocket {name}", steps, tls=True, kind="websocket")

    yield made("closes at once", _upgraded())
    yield made("resets at once", _upgraded(reset))
    yield made("hangs", _upgraded(hang))
    for code in (0, 999, 1000, 1001, 1002, 1005, 1006, 1008, 1011, 1015, 3000, 4999, 65535):
        yield made(f"closes with {code}", _upgraded(send(_frame(8, struct.pack("!H", code)))))
    yield made("closes with half a code", _upgraded(send(_frame(8, b"\x03"))))
    yield made("closes with bad UTF-8", _upgraded(send(_frame(8, b"\x03\xe8\xff\xfe"))))
    for opcode in (0, 3, 7, 11, 15):
        yield made(f"frame of kind {opcode}", _upgraded(send(_frame(opcode)), hang))
    for bit in (0x40, 0x20, 0x10):
        yield made(
            f"frame with reserved bit {bit:#x}", _upgraded(send(_frame(1, b"a", 0x80 | bit)), hang)
        )
    yield made("masked frame", _upgraded(send(b"\x81\x81abcd\x00"), hang))
    yield made("frame beyond all", _upgraded(send(b"\x82\x7f" + b"\xff" * 8), flood(b"a")))
    yield made("large ping", _upgraded(send(_frame(9, b"a" * 200)), hang))
    yield made("flood of pings", _upgraded(flood(_frame(9))))
    yield made("flood of texts", _upgraded(flood(_frame(1, b"a"))))
    yield made("flood of fragments", _upgraded(send(_frame(1, b"a", 0)), flood(_frame(0, b"a", 0))))
    yield made("flood of noise", _upgraded(flood(b"\xff")))
    yield made("bad UTF-8", _upgraded(send(_frame(1, b"\xff")), hang))
    for accept in (b"", b"wrong", b"a" * 5000, b"\xff"):
        yield made(f"accept {accept[:8]!r}", _upgraded(hang, accept=accept))
    for field in (
        b"Sec-WebSocket-Protocol: chat\r\n", b"Sec-WebSocket-Protocol: " + b"a, " * 20_000 + b"\r\n",
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n", b"Upgrade: h2c\r\n", b"Sec-WebSocket-Version: 0\r\n",
    ):  # fmt: skip
        yield made(f"field {field[:32]!r}", _upgraded(hang, fields=field))


# DNS (RFC 1035)


def _answer(query: bytes, rcode: int = 0, counts: tuple[int, int, int] = (0, 0, 0),
            rest: bytes = b"", bits: int = 0x8180) -> bytes:  # fmt: skip
    question = _question(query)
    return query[:2] + struct.pack("!HHHHH", bits | rcode, 1, *counts) + question + rest


def _question(query: bytes) -> bytes:
    at = 12
    while at < len(query) and query[at]:
        at += query[at] + 1
    return query[12 : at + 5]


def _names() -> Iterator[Server]:
    def a(data: bytes, kind: int = 1, name: bytes = b"\xc0\x0c", size: int | None = None) -> bytes:
        length = len(data) if size is None else size
        return name + struct.pack("!HHIH", kind, 1, 60, length) + data

    def made(name: str, *parts: object) -> Server:
        def answers(query: bytes) -> Iterator[bytes]:
            for part in parts:
                assert callable(part)
                yield part(query)

        return Server(f"dns {name}", kind="dns", answers=answers)

    yield Server("dns says nothing", kind="dns", answers=lambda _: iter(()))
    for rcode in range(1, 16):
        yield made(f"rcode {rcode}", lambda query, rcode=rcode: _answer(query, rcode))
    for size in (0, 1, 11, 12, 13, 20):
        yield made(f"cut to {size}", lambda query, size=size: _answer(query)[:size])
    yield made("an echo", lambda query: query)
    yield made("zeros", lambda query: bytes(500))
    yield made("another id", lambda query: b"xx" + _answer(query)[2:])
    yield Server("dns flood of other ids", kind="dns",
                 answers=lambda query: iter([b"xx" + _answer(query)[2:]] * 20_000))  # fmt: skip
    yield made("no data", _answer)
    yield made("truncated", lambda query: _answer(query, bits=0x8380))
    yield made("counts beyond all", lambda query: _answer(query, counts=(65535, 65535, 65535)))
    rests = {
        "an address of three bytes": a(b"\x7f\0\0"), "an address of five": a(b"\x7f\0\0\1\1"),
        "a record cut short": a(b"\x7f", size=4), "a pointer to itself": a(b"\xc0\x00", 5, b"\xc0\x2d"),
        "a pointer forward": a(b"\xff\xff", 5), "a CNAME to itself": a(b"\xc0\x0c", 5),
        "an odd label": a(b"\x80\x01", 5), "a name of escapes": a(b"\x05\x1b[31m\0", 5),
        "a record of an unknown kind": a(b"abc", 65280), "an OPT as an answer": a(b"", 41),
    }  # fmt: skip
    for name, rest in rests.items():
        yield made(name, lambda query, rest=rest: _answer(query, counts=(1, 0, 0), rest=rest))
    many = a(b"\x7f\0\0\1") * 3000
    yield made("3000 addresses", lambda query: _answer(query, counts=(3000, 0, 0), rest=many))
