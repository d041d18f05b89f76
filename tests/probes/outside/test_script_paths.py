"""What scripts of the page open after it."""

from typing import Any

import pytest

from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import WebSocketPath
from diagnose.probes.outside.script_paths import emit_script_paths
from tests.support.fake_context import Looking

PAGE = "https://shop.example.com/"


def looked(*texts: str) -> Any:
    run: Any = Looking(None)  # type: ignore[arg-type]
    for text in texts:
        emit_script_paths(run, text, PAGE)
    return run


def streams(*texts: str) -> list[tuple[str, str]]:
    others: tuple[OtherRequest, ...] = looked(*texts).further_requests.others
    return [(request.path, request.source) for request in others]


def test_a_stream_is_diagnosed_after_the_page() -> None:
    script = "const s = new EventSource('/events', {withCredentials: true});"
    assert streams(script, script) == [("/events", "script")]
    assert streams("new EventSource(`api/live?x=1`)") == [("/api/live?x=1", "script")]


@pytest.mark.parametrize(
    "script",
    [
        "new EventSource('https://elsewhere.example.org/events')",
        "new EventSource(base + '/events')",
        "// new EventSource('/events')",
        "new EventSource('/')",
        "new EventSource('')",
        "new EventSource(`/${id}`)",
    ],
)
def test_what_is_no_stream_of_the_site(script: str) -> None:
    assert streams(script) == []


def test_a_websocket_is_named_once() -> None:
    script = 'new WebSocket("wss://shop.example.com/live")'
    (named,) = looked(script, script).observed(WebSocketPath)
    assert named.path == "/live"
