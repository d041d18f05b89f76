from dataclasses import replace

from diagnose.model import Applicability, Edit, Target
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct
from tests.support.websocket_evidence import upgrade


def test_fires_on_a_slash_too_few() -> None:
    (claim,) = judge(
        "websocket.redirected",
        upgrade(301, headers=(("Location", "https://shop.example.com/ws/"),)),
        target=CHAT,
    )
    assert claim.facts["slash"]


def test_the_path_has_no_query() -> None:
    target = replace(CHAT, websockets=("/ws?user=1",))
    moved = upgrade(301, headers=(("Location", "https://shop.example.com/ws/?user=1"),))
    (claim,) = judge("websocket.redirected", replace(moved, path="/ws?user=1"), target=target)
    assert claim.facts["path"] == "/ws"
    assert claim.facts["slash"]


def test_fires_on_a_login_page() -> None:
    (claim,) = judge(
        "websocket.redirected", upgrade(302, headers=(("Location", "/login"),)), target=CHAT
    )
    assert not claim.facts["slash"]
    assert claim.facts["location"] == "/login"


def test_fires_on_ws_that_is_sent_to_https() -> None:
    target = Target("ws://shop.example.com/ws", "ws", "shop.example.com", 80, "/ws", ("/ws",))
    (claim,) = judge(
        "websocket.redirected",
        upgrade(301, headers=(("Location", "https://shop.example.com/ws"),)),
        target=target,
    )
    assert claim.facts["secure"]


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.redirected", upgrade(101, accepted=True), target=CHAT)


def test_silent_without_a_place_to_go() -> None:
    assert not judge("websocket.redirected", upgrade(304), upgrade(301), target=CHAT)


OWN = "    location /ws/ {\n        proxy_pass http://127.0.0.1:3000;\n    }\n\n    location /"


def test_the_location_takes_the_path_without_its_slash() -> None:
    moved = upgrade(301, headers=(("Location", "https://shop.example.com/ws/"),))
    observations = (config(SITE.replace("    location /", OWN, 1)), BUILD, HOST, RUNNING, moved)
    (claim,) = judge("websocket.redirected", *observations, direct(101), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    location /ws/ {\n+    location /ws {\n" in edit.diff
    (claim,) = judge("websocket.redirected", *observations, direct(404), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["block"] == "location /ws/"
    assert claim.location
