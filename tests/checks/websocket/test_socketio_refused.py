"""websocket.socketio-refused: when it fires, and when it is silent."""

from dataclasses import replace

from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.socketio-refused"
VERSION = '{"code":5,"message":"Unsupported protocol version"}'
TRANSPORT = '{"code":0,"message":"Transport unknown"}'
OLD = "wss://shop.example.com/socket.io/?EIO=3&transport=websocket"


def test_fires_on_an_old_client() -> None:
    (claim,) = judge(CHECK, replace(upgrade(400, body=VERSION), url=OLD), target=CHAT)
    assert claim.facts["version"]
    assert claim.facts["old"]


def test_fires_on_an_answer_after_the_upgrade() -> None:
    stray = "HTTP/1.1 400 Bad Request Unsupported protocol version"
    ended = replace(upgrade(101, accepted=True), ended="http", close_code=1006, stray=stray)
    (claim,) = judge(CHECK, ended, target=CHAT)
    assert claim.facts["version"]


def test_fires_on_a_server_without_the_transport() -> None:
    (claim,) = judge(CHECK, upgrade(400, body=TRANSPORT), target=CHAT)
    assert claim.facts["transport"]
    assert not claim.facts["lost"]


def test_names_the_lost_query_where_the_application_accepts() -> None:
    direct = upgrade(101, accepted=True, through="application")
    (claim,) = judge(CHECK, upgrade(400, body=TRANSPORT), direct, target=CHAT)
    assert claim.facts["lost"]


def test_silent_on_other_refusals_and_on_an_open_connection() -> None:
    assert not judge(CHECK, upgrade(400, body="Bad Request"), target=CHAT)
    assert not judge(CHECK, replace(upgrade(101, accepted=True), stray=TRANSPORT), target=CHAT)
