"""What scripts of the page open after it."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import Page, PageFile, WebSocketPath
from diagnose.probes.outside.page_file_loader import emit_opened
from diagnose.probes.outside.script_paths import emit_script_paths
from tests.support.fake_context import Looking

PAGE = "https://shop.example.com/"


def looked(*texts: str) -> Any:
    run: Any = Looking(None)  # type: ignore[arg-type]
    for text in texts:
        emit_script_paths(run, text, PAGE)
    return run


def streams(*texts: str) -> list[tuple[str, str]]:
    others: tuple[OtherRequest, ...] = looked(*texts).further_requests.other_pages
    return [(request.path, request.source) for request in others]


def test_a_stream_is_diagnosed_after_the_page() -> None:
    script = "const s = new EventSource('/events', {withCredentials: true});"
    assert streams(script, script) == [("/events", "script")]
    assert streams("new EventSource(`api/live?x=1`)") == [("/api/live?x=1", "script")]
    assert streams("fetchEventSource('/api/live', {onmessage})") == [("/api/live", "script")]
    fetched = "const reader = (await fetch('/chat/stream')).body.getReader();"
    assert streams(fetched) == [("/chat/stream", "script")]


@pytest.mark.parametrize(
    "script",
    [
        "new EventSource('https://elsewhere.example.org/events')",
        "new EventSource(base + '/events')",
        "// new EventSource('/events')",
        "new EventSource('/')",
        "new EventSource('')",
        "new EventSource(`/${id}`)",
        "fetch('/chat/stream').then(show)",
        "const r = (await fetch('/film.mp4')).body.getReader()",
        "const r = (await fetch('/chat', {method: 'POST', body})).body.getReader()",
        "fetchEventSource('/chat', {openWhenHidden: true, method: 'POST'})",
    ],
)
def test_what_is_no_stream_of_the_site(script: str) -> None:
    assert streams(script) == []


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/admin/live"),
        ("https://shop.example.com/", "/live"),
        ("https://shop.example.com/app/index.html", "/app/live"),
        ("https://cdn.example.net/", "/admin/live"),
    ],
)
def test_relative_addresses_begin_at_the_base_of_the_page(base: str, path: str) -> None:
    run: Any = Looking(None)  # type: ignore[arg-type]
    run.target = replace(run.target, path="/admin/start")
    run.emit(Page(url=PAGE, address="203.0.113.10", port=443, base=base))
    emit_script_paths(run, 'new WebSocket(scheme + host + base + "live")', PAGE)
    (named,) = run.observed(WebSocketPath)
    assert named.path == path


def test_a_websocket_is_named_once() -> None:
    script = 'new WebSocket("wss://shop.example.com/live")'
    (named,) = looked(script, script).observed(WebSocketPath)
    assert named.path == "/live"


def test_a_call_of_socketio_in_another_script_than_its_client() -> None:
    client = "https://cdn.example.net/socket.io/4.7.5/socket.io.min.js"
    run: Any = Looking(None)  # type: ignore[arg-type]
    run.emit(Page(url=PAGE, address="203.0.113.10", port=443, files=(PageFile("script", client),)))
    emit_opened(run, "const socket = io();", f"{PAGE}app.js")
    (named,) = run.observed(WebSocketPath)
    assert (named.path, named.library) == ("/socket.io/", "Socket.IO")
    # Without the client the name is another's, and another host is no path of this site.
    assert not looked("const socket = io();").observed(WebSocketPath)
    elsewhere: Any = Looking(None)  # type: ignore[arg-type]
    page = Page(url=PAGE, address="203.0.113.10", port=443, files=(PageFile("script", client),))
    elsewhere.emit(page)
    emit_script_paths(elsewhere, 'io("https://chat.example.net")', f"{PAGE}app.js")
    assert not elsewhere.observed(WebSocketPath)
