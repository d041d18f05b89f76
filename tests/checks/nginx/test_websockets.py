from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._websockets import (
    WebSocketHandshakes,
    locations_losing_upgrades,
    websocket_paths,
)
from diagnose.model import Observation
from tests.support.check_evidence import CHAT, evidence
from tests.support.nginx_evidence import SITE, config, direct, front

NGINX_PAGE = "<html><center><h1>403 Forbidden</h1></center><hr><center>nginx</center></html>"


def at_ws(*observations: Observation) -> WebSocketHandshakes:
    return WebSocketHandshakes.at_path(evidence(*observations), "/ws")


def losing(*observations: Observation, text: str = SITE) -> list[list[str]]:
    nginx = Nginx.of(evidence(config(text), *observations, target=CHAT))
    return [paths for _, paths in locations_losing_upgrades(nginx)]


def test_handshakes_are_sorted_by_how_they_went() -> None:
    handshakes = at_ws(front(404), direct(101), direct(426, variant="http-1.0"), front(101, "/x"))
    assert [upgrade.status for upgrade in handshakes.front] == [404]
    assert [upgrade.status for upgrade in handshakes.direct] == [101]
    assert [upgrade.status for upgrade in handshakes.http_1_0] == [426]
    assert handshakes.accepted_by_application
    assert not handshakes.accepted_by_front


def test_the_proxy_breaks_what_the_application_accepts() -> None:
    assert at_ws(front(400), direct(101)).broken_by_proxy
    assert at_ws(front(403), direct(101)).broken_by_proxy
    assert not at_ws(front(400), direct(400)).broken_by_proxy
    assert not at_ws(front(101), direct(101)).broken_by_proxy
    assert not at_ws(front(302), direct(101)).broken_by_proxy
    assert not at_ws(front(502), direct(101)).broken_by_proxy


def test_an_access_rule_of_the_proxy_is_not_a_lost_upgrade() -> None:
    denied = replace(front(403), body=NGINX_PAGE)
    assert not at_ws(denied, direct(101)).broken_by_proxy


def test_an_application_may_accept_what_the_visitor_sends_and_not_what_nginx_sends() -> None:
    assert at_ws(direct(404), direct(101, variant="whole-path")).accepted_as_requested
    assert at_ws(direct(403), direct(101, variant="visitor-host")).accepted_as_requested
    assert not at_ws(direct(101), direct(101, variant="whole-path")).accepted_as_requested


def test_paths_are_the_targets_and_those_that_were_tried() -> None:
    assert websocket_paths(evidence(front(404, "/live"), target=CHAT)) == ("/ws", "/live")


def test_a_location_loses_upgrades_where_the_proxy_is_at_fault_or_the_user_names_the_path() -> None:
    assert losing(front(400), direct(101)) == [["/ws"]]
    assert losing(front(400), front(400, "/b"), direct(101), direct(101, "/b")) == [["/ws", "/b"]]
    assert losing() == [["/ws"]]


def test_no_location_loses_upgrades_where_they_pass_or_nobody_knows() -> None:
    forwarding = SITE.replace(
        "proxy_set_header Host $host;",
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
    )
    assert losing(front(400), direct(101), text=forwarding) == []
    assert losing(front(101), direct(101)) == []
    assert losing(front(404), direct(404)) == []
    assert losing(text=SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;")) == []
