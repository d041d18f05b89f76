"""A target that answers an ordinary request with 426 is the address of a WebSocket."""

import pytest

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.pages import WebSocketPath
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside.websocket_only import emit_own_websocket
from tests.probes.outside.test_websocket import Looking

URL = "https://shop.example.com/chat"


def look(*websockets: str, field: str = "", body: str = "Upgrade Required") -> list[str]:
    run = Looking(Target(URL, "https", "shop.example.com", 443, "/chat", websockets))
    run.further_requests = FurtherRequests()  # type: ignore[attr-defined]
    exchange = Exchange(
        url=URL,
        address="203.0.113.10",
        port=443,
        purpose="target",
        verified=True,
        status=426,
        body=body,
        headers=(("Upgrade", field),) if field else (),
    )
    emit_own_websocket(run, exchange)  # type: ignore[arg-type]
    emit_own_websocket(run, exchange)  # type: ignore[arg-type]
    assert all(named.need == "required" for named in run.observed(WebSocketPath))
    return [named.path for named in run.observed(WebSocketPath)]


@pytest.mark.parametrize(
    ("field", "body", "paths"),
    [
        ("", "Upgrade Required", ["/chat"]),
        ("websocket", "", ["/chat"]),
        ("HTTP/1.1", "Upgrade Required", []),
        ("", "", []),
    ],
)
def test_the_path_is_named_once(field: str, body: str, paths: list[str]) -> None:
    """A server that refuses HTTP/1.0 answers 426 as well, and names HTTP/1.1."""
    assert look(field=field, body=body) == paths


def test_nothing_is_named_where_the_user_named_a_websocket() -> None:
    assert look("/ws") == []
