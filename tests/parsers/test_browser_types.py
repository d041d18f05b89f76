"""Which files browsers refuse: the rules of the standards, and what Chromium does with each row."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from diagnose.model.pages import FileKind
from diagnose.parsers.browser_types import has_nosniff, mime_type, refusal
from tests.support.chromium import CHROMIUM, browser

TYPES = (
    "", "text/css", "TEXT/CSS; charset=utf-8", "text/plain", "text/html", "text/javascript",
    "application/javascript", "application/x-javascript; charset=utf-8", "text/x-javascript",
    "application/octet-stream", "application/json", "image/png", "video/mp4", "audio/ogg",
    "text/csv", "text/css, text/html", "text/javascript, bad",
)  # fmt: skip
KINDS: tuple[FileKind, ...] = ("stylesheet", "script", "module")
SCRIPT: tuple[FileKind, ...] = ("script",)
SHEET: tuple[FileKind, ...] = ("stylesheet",)
#: Kind, Content-Type, nosniff, status, and whether an HTML document comes.
ROWS: tuple[tuple[FileKind, str, bool, int, bool], ...] = (
    *product(KINDS, TYPES, (False, True), (200,), (False,)),
    *product(KINDS, ("text/css", "text/javascript"), (False, True), (404, 502), (False,)),
    *product(SCRIPT, ("text/html", "text/javascript"), (False,), (200,), (True,)),
    *product(SHEET, ("text/css",), (False, True), (200,), (True,)),
)


def fields(content_type: str, nosniff: bool) -> tuple[tuple[str, str], ...]:
    sent = [("Content-Type", content_type)] if content_type else []
    return (*sent, *([("X-Content-Type-Options", "nosniff")] if nosniff else []))


def answers(kind: str, is_html: bool, number: int) -> bytes:
    if is_html:
        return b"<!DOCTYPE html><html><p>Shop"
    return b"p { color: red }" if kind == "stylesheet" else b"ran.push(%d)" % number


class Handler(BaseHTTPRequestHandler):
    """The page with all rows, with a document type or in quirks mode; and their files."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        number = int(dict(parse_qsl(url.query)).get("row", "0"))
        if url.path == "/file":
            kind, content_type, nosniff, status, is_html = ROWS[number]
            sent = fields(content_type, nosniff)
            self.answer(status, sent, answers(kind, is_html, number))
        else:
            doctype = "<!DOCTYPE html>" if url.path == "/standard" else ""
            self.answer(200, (("Content-Type", "text/html"),), (doctype + document()).encode())

    def answer(self, status: int, sent: tuple[tuple[str, str], ...], body: bytes) -> None:
        self.send_response(status)
        for name, value in (*sent, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def document() -> str:
    tags = ["<html><head><script>const ran = []</script>"]
    for number, (kind, *_) in enumerate(ROWS):
        url = f"/file?{urlencode({'row': number})}"
        if kind == "stylesheet":
            tags.append(f'<link rel="stylesheet" id="s{number}" href="{url}">')
        else:
            tags.append(
                f'<script{" type=module" if kind == "module" else ""} src="{url}"></script>'
            )
    return "".join(tags)


@contextmanager
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


#: The rows that the browser has used: scripts that ran, style sheets with a rule.
USED = """(() => {
  const rules = sheet => { try { return sheet.cssRules.length } catch { return 0 } };
  const sheets = [...document.styleSheets].filter(rules).map(sheet => +sheet.ownerNode.id.slice(1));
  return JSON.stringify([...ran, ...sheets]);
})()"""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
@pytest.mark.parametrize("mode", ["standard", "quirks"])
def test_chromium_agrees_with_every_row(tmp_path: Path, mode: str) -> None:
    with server() as origin, browser(tmp_path) as tab:
        tab.open(f"{origin}/{mode}")
        used = set(json.loads(tab.evaluate(USED)))
    differences = []
    for number, (kind, content_type, nosniff, status, is_html) in enumerate(ROWS):
        sent = fields(content_type, nosniff)
        reason = refusal(kind, status, sent, mode == "quirks", is_html)
        if (reason == "") is not (number in used):
            differences.append((ROWS[number], reason, number in used))
    assert differences == []
    assert 0 < len(used) < len(ROWS)


@pytest.mark.parametrize(
    ("kind", "content_type", "nosniff", "reason"),
    [
        ("stylesheet", "text/plain", False, "type"),
        ("stylesheet", "text/plain", True, "type"),
        ("stylesheet", "", True, "nosniff"),
        ("stylesheet", "", False, ""),
        ("module", "text/html", False, "type"),
        ("module", "", False, "type"),
        ("script", "text/plain", False, ""),
        ("script", "text/plain", True, "nosniff"),
        ("script", "text/csv", False, "type"),
    ],
)
def test_the_reason(kind: FileKind, content_type: str, nosniff: bool, reason: str) -> None:
    assert refusal(kind, 200, fields(content_type, nosniff)) == reason


def test_a_document_in_place_of_a_script_is_a_syntax_error() -> None:
    assert refusal("script", 200, fields("text/html", False), is_html=True) == "html"
    assert refusal("module", 200, fields("text/javascript", False), is_html=True) == "html"


def test_types_and_nosniff_are_read_as_browsers_read_them() -> None:
    assert mime_type((("content-type", "Text/CSS;charset=x"),)) == "text/css"
    assert mime_type((("Content-Type", "text/css, text/html"),)) == "text/html"
    assert mime_type((("Content-Type", "nonsense"),)) == ""
    assert has_nosniff((("X-Content-Type-Options", "NoSniff"),))
    assert has_nosniff((("X-Content-Type-Options", "nosniff, x"),))
    assert not has_nosniff((("X-Content-Type-Options", "x, nosniff"),))


@pytest.mark.parametrize(
    ("status", "content_type", "is_html", "reason"),
    [
        (200, "image/png", False, ""),
        (200, "application/octet-stream", False, ""),
        (404, "image/png", False, ""),
        (404, "text/html", True, "status"),
        (403, "text/plain", False, "status"),
        (200, "text/html", True, "html"),
    ],
)
def test_a_picture_needs_no_status(
    status: int, content_type: str, is_html: bool, reason: str
) -> None:
    assert refusal("image", status, fields(content_type, False), is_html=is_html) == reason
