import pytest

from diagnose.parsers.websocket_refusal import (
    named_subprotocols,
    subprotocols_by_path,
    upgrade_lost,
    wants_websocket,
)


def test_subprotocols_that_a_refusal_names() -> None:
    assert named_subprotocols("Subprotocol chat, please", None) == ("chat",)
    assert named_subprotocols("Unsupported sub-protocol: use graphql-ws.", None) == ("graphql-ws",)
    assert named_subprotocols("", "mqtt, sip") == ("mqtt", "sip")
    assert named_subprotocols("Let us chat", None) == ()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (426, ""),
        (505, ""),
        (400, "Failed to open a WebSocket connection: missing Upgrade header."),
        (400, 'Can "Upgrade" only to "WebSocket".'),
        (400, "No WebSocket UPGRADE hdr: None"),
        (400, '{"error":"invalid request: client not using the websocket protocol"}'),
        (400, "<p>Empty or missing header(s): upgrade</p>"),
        (400, "<p>Empty or missing header(s): connection, upgrade</p>"),
    ],
)
def test_applications_that_got_no_upgrade(status: int, body: str) -> None:
    assert upgrade_lost(status, body)


def test_a_missing_page_says_nothing_of_the_upgrade() -> None:
    assert not upgrade_lost(404, "Not Found")
    assert not upgrade_lost(400, "Empty or missing header(s): origin\nPlease upgrade your browser")
    assert not upgrade_lost(200, "Upgrade required")


@pytest.mark.parametrize(
    ("body", "is_lost"),
    [
        ('{"code":3,"message":"Bad request"}', True),
        ("Connection ID required", True),
        ('{"code":5,"message":"Unsupported protocol version"}', False),
        ('{"error":{"code":3,"message":"Bad request"}}', False),
    ],
)
def test_a_library_that_got_no_upgrade(body: str, is_lost: bool) -> None:
    assert upgrade_lost(400, body) is is_lost


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/mqtt", ("mqtt",)),
        ("/api/graphql?x=1", ("graphql-transport-ws",)),
        ("/mqttx", ()),
        ("/ws", ()),
    ],
)
def test_the_subprotocol_that_a_path_suggests(path: str, names: tuple[str, ...]) -> None:
    assert subprotocols_by_path(path) == names


@pytest.mark.parametrize(
    ("field", "body", "wants"),
    [
        (None, "Upgrade Required", True),
        (None, "You need a WebSocket client.", True),
        ("websocket", "", True),
        ("HTTP/1.1", "Upgrade Required", False),
        (None, '{"error": "upgrade required", "minimum_version": "4.2.0"}', False),
        ("h2c", "", False),
        (None, "", False),
    ],
)
def test_an_answer_426_that_wants_a_websocket(field: str | None, body: str, wants: bool) -> None:
    assert wants_websocket(field, body) is wants
