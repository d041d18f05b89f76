"""websocket.other-path: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.backends import BackendVisit
from diagnose.model.pages import WebSocketPath
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.other-path"
REFUSED = upgrade(404)
ELSEWHERE = replace(
    upgrade(101, "other-path", accepted=True),
    url="wss://shop.example.com/socket.io/?EIO=4&transport=websocket",
)
NAMED = WebSocketPath(source="https://shop.example.com/", path="/socket.io/", library="Socket.IO")


def test_fires_on_the_path_that_the_page_names() -> None:
    (claim,) = judge(CHECK, REFUSED, ELSEWHERE, NAMED, target=CHAT, masked=False)
    assert claim.facts["other"] == "/socket.io/"
    assert claim.facts["library"] == "Socket.IO"
    assert claim.confidence is Confidence.LIKELY


def test_fires_on_a_slash_at_the_end() -> None:
    slash = replace(ELSEWHERE, url="wss://shop.example.com/ws/")
    (claim,) = judge(CHECK, upgrade(403), slash, target=CHAT)
    assert claim.facts["slash"]
    assert claim.facts["other"] == "/ws/"


def test_silent_where_the_page_names_the_requested_path() -> None:
    same = replace(NAMED, path="/ws")
    assert not judge(CHECK, REFUSED, ELSEWHERE, NAMED, same, target=CHAT)


def test_silent_where_the_application_accepts_the_requested_path() -> None:
    direct = upgrade(101, accepted=True, through="application")
    assert not judge(CHECK, REFUSED, ELSEWHERE, NAMED, direct, target=CHAT)
    behind_apache = BackendVisit(
        target="http://127.0.0.1:3000/",
        requested="/ws",
        path="/ws",
        websocket=True,
        status=101,
        accepted=True,
    )
    assert not judge(CHECK, REFUSED, ELSEWHERE, NAMED, behind_apache, target=CHAT)
    page = replace(behind_apache, websocket=False, status=200, accepted=False)
    assert judge(CHECK, REFUSED, ELSEWHERE, NAMED, page, target=CHAT)


def test_silent_where_the_other_path_is_refused_too() -> None:
    refused = replace(ELSEWHERE, accepted=False, status=404, fault="status")
    assert not judge(CHECK, REFUSED, refused, NAMED, target=CHAT)


def test_silent_where_the_requested_path_opens() -> None:
    assert not judge(CHECK, upgrade(101, accepted=True), ELSEWHERE, target=CHAT)
