from dataclasses import replace

from diagnose.model import Applicability, Failure
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, judge, texts
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade


def test_fires_once_for_all_addresses_that_answer_alike() -> None:
    (claim,) = judge(
        "websocket.not-upgraded", upgrade(), upgrade(address="2001:db8::10"), target=CHAT
    )
    assert claim.facts["open"]
    assert str(claim.about) == "wss://shop.example.com/ws"
    assert [subject.address for subject in claim.covers] == ["203.0.113.10", "2001:db8::10"]


def test_fires_and_says_that_the_upgrade_was_lost() -> None:
    for status, body in (
        (426, ""),
        (400, 'Can "Upgrade" only to "WebSocket".'),
        (505, ""),
        (400, "No WebSocket UPGRADE hdr: None"),
    ):
        (claim,) = judge("websocket.not-upgraded", upgrade(status, body=body), target=CHAT)
        assert claim.facts["lost"]


def test_fires_without_blame_for_a_proxy_that_loses_nothing() -> None:
    """The application refuses a complete handshake of this run in the same words."""
    words = '{"code":3,"message":"Bad request"}'
    own = upgrade(400, body=words, through="application", address="127.0.0.1")
    (claim,) = judge("websocket.not-upgraded", upgrade(400, body=words), own, target=CHAT)
    assert (claim.facts["lost"], claim.facts["direct"]) == (False, "127.0.0.1")
    other = upgrade(403, through="application", address="127.0.0.1")
    (claim,) = judge("websocket.not-upgraded", upgrade(400, body=words), other, target=CHAT)
    assert (claim.facts["lost"], claim.facts["direct"]) == (True, "")


def test_fires_on_a_page() -> None:
    html = (("Content-Type", "text/html"),)
    (claim,) = judge("websocket.not-upgraded", upgrade(200, headers=html), target=CHAT)
    assert claim.facts["page"]
    assert not claim.facts["lost"]


def test_fires_on_a_101_without_its_fields() -> None:
    (claim,) = judge("websocket.not-upgraded", upgrade(101, fault="connection"), target=CHAT)
    assert claim.facts["header"] == "connection"


def test_fires_and_names_the_line_that_hides_the_field() -> None:
    hiding = SITE.replace("    location /", "    proxy_hide_header Upgrade;\n    location /", 1)
    observations = (upgrade(101, fault="upgrade"), BUILD, RUNNING)
    (claim,) = judge("websocket.not-upgraded", *observations, config(hiding), target=CHAT)
    assert claim.facts["hidden"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (claim,) = judge("websocket.not-upgraded", *observations, config(SITE), target=CHAT)
    assert not claim.facts["hidden"]


def test_fires_where_no_answer_comes() -> None:
    lost = upgrade(None, fault="", failure=Failure("closed", "the connection was closed"))
    (claim,) = judge("websocket.not-upgraded", lost, target=CHAT)
    assert claim.facts["message"] == "the connection was closed"


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.not-upgraded", upgrade(101, accepted=True), target=CHAT)


def test_silent_where_another_check_knows_more() -> None:
    for known in (
        upgrade(301, headers=(("Location", "/ws/"),)),
        upgrade(401),
        upgrade(403),
        upgrade(429),
        upgrade(101, fault="accept"),
        upgrade(400, body='{"code":1,"message":"Session ID unknown"}'),
    ):
        assert not judge("websocket.not-upgraded", known, target=CHAT)
    opens = upgrade(101, "no-origin", accepted=True)
    assert not judge("websocket.not-upgraded", upgrade(403), opens, target=CHAT)
    opens = upgrade(101, "subprotocol", accepted=True, offered=("mqtt",), subprotocol="mqtt")
    assert not judge("websocket.not-upgraded", upgrade(400), opens, target=CHAT)


def test_silent_about_the_application_behind_the_proxy() -> None:
    inside = upgrade(426, through="application")
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
    assert not judge("websocket.not-upgraded", inside, page, target=CHAT)


def test_names_the_line_that_passes_the_upgrade_on_already() -> None:
    passing = HTTPS.replace("ws://127.0.0.1:3000/ws", "http://127.0.0.1:3000/ upgrade=websocket")
    for site, is_passed in ((passing, True), (passing.replace(" upgrade=websocket", ""), False)):
        (claim,) = judge(
            "websocket.not-upgraded", upgrade(500), APACHE, apache_config(site), target=CHAT
        )
        assert bool(claim.facts["passing"]) is is_passed
        shown = "".join(texts("websocket.not-upgraded", claim))
        assert ("passes the upgrade of this path on" in shown) is is_passed
        assert ("need" in shown and "$http_upgrade" in shown) is not is_passed


def test_silent_at_the_address_of_a_location_below_which_a_websocket_opens() -> None:
    at_location = replace(upgrade(404), path="/app", url="wss://shop.example.com/app")
    opened = replace(upgrade(101, accepted=True), path="/app/ws")
    page = replace(CHAT, scheme="https", path="/app/", websockets=())
    assert not judge("websocket.not-upgraded", at_location, opened, target=page)
    assert judge("websocket.not-upgraded", at_location, target=page)
    named = replace(page, websockets=("/app",))
    assert judge("websocket.not-upgraded", at_location, opened, target=named)
