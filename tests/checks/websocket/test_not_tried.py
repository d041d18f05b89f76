"""websocket.not-tried: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model.pages import WebSocketPath
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.not-tried"
NAMED = WebSocketPath(
    source="https://shop.example.com/app.js", path="/socket.io/", library="Socket.IO"
)


def test_fires_where_the_page_names_one_and_none_was_asked_for() -> None:
    (claim,) = judge(CHECK, NAMED)
    assert claim.facts["path"] == "/socket.io/"
    assert claim.facts["library"] == "Socket.IO"


def test_silent_where_one_was_asked_for_or_tried() -> None:
    assert not judge(CHECK, NAMED, target=CHAT)
    tried = replace(upgrade(101, accepted=True), path="/socket.io/?EIO=4")
    assert not judge(CHECK, NAMED, tried)


def test_fires_where_another_was_tried() -> None:
    assert judge(CHECK, NAMED, upgrade(101, accepted=True))


def test_fires_where_only_the_application_was_asked() -> None:
    asked = replace(upgrade(403), path="/socket.io/", through="application")
    assert judge(CHECK, NAMED, asked)


def test_fires_with_the_answer_where_the_page_alone_names_it() -> None:
    tried = replace(upgrade(404), path="/socket.io/", variant="unasked")
    (claim,) = judge(CHECK, NAMED, tried)
    assert claim.facts["status"] == 404
    assert tried in claim.because


def test_silent_where_it_asks_for_a_login_or_ends_after_it_opened() -> None:
    for status in (401, 403):
        assert not judge(CHECK, NAMED, replace(upgrade(status), path=NAMED.path, variant="unasked"))
    closed = replace(upgrade(101, accepted=True), path=NAMED.path, variant="unasked", ended="close")
    assert not judge(CHECK, NAMED, closed)
