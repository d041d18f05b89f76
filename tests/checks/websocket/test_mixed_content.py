import subprocess
from dataclasses import replace

import pytest

from checks.websocket._plain_ports import passed_port, sed_scripts
from diagnose.model import Applicability, Edit, Observation
from diagnose.model.http import Exchange
from diagnose.model.pages import WebSocketPath
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.urls import parse_url
from tests.support import caddy_evidence, haproxy_evidence
from tests.support.check_evidence import SHOP, evidence, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, loads, script
from tests.support.websocket_evidence import upgrade


def page(*mentions: str, url: str = "https://shop.example.com/") -> Exchange:
    port = 443 if url.startswith("https") else 80
    return Exchange(url=url, address="203.0.113.10", port=port, status=200, mentions=mentions)


def test_fires_on_an_insecure_socket_of_the_site_itself() -> None:
    (claim,) = judge("websocket.mixed-content", page("ws://shop.example.com/ws"))
    assert claim.facts["socket"] == "ws://shop.example.com/ws"
    assert judge("websocket.mixed-content", page("ws://ws.shop.example.com:8080/"))


def test_silent_where_the_page_chooses_by_its_own_scheme() -> None:
    both = page("ws://shop.example.com/ws", "wss://shop.example.com/ws")
    assert not judge("websocket.mixed-content", both)


def test_silent_about_other_hosts_and_plain_pages() -> None:
    assert not judge("websocket.mixed-content", page("ws://localhost:3000", "ws://example.net/"))
    plain = page("ws://shop.example.com/ws", url="http://shop.example.com/")
    assert not judge("websocket.mixed-content", plain)


WS, WSS = "ws://shop.example.com/ws", "wss://shop.example.com/ws"


def test_fires_on_a_script_of_the_page() -> None:
    named = answered(script(), mentions=(WS,))
    (claim,) = judge("websocket.mixed-content", page(), loads(script()), named)
    assert claim.facts["script"] == "https://shop.example.com/app.js"
    assert claim.facts["socket"] == WS


def test_silent_where_a_script_or_the_page_chooses() -> None:
    both = answered(script(), mentions=(WS, WSS))
    assert not judge("websocket.mixed-content", page(), both)
    other = answered(script("/b.js"), mentions=(WSS,))
    assert not judge("websocket.mixed-content", page(), answered(script(), mentions=(WS,)), other)
    assert not judge("websocket.mixed-content", page(WSS), answered(script(), mentions=(WS,)))


def test_silent_where_browsers_upgrade() -> None:
    upgraded = loads(script(), upgrades=True)
    assert not judge("websocket.mixed-content", page(WS), upgraded)
    assert not judge(
        "websocket.mixed-content", page(), upgraded, answered(script(), mentions=(WS,))
    )


def test_fires_on_an_address_that_the_page_puts_together() -> None:
    (claim,) = judge("websocket.mixed-content", page(), loads(plain_sockets=(WS,)))
    assert claim.facts["socket"] == WS
    assert not judge("websocket.mixed-content", page(), loads(plain_sockets=(WS,), upgrades=True))


def test_fires_on_the_address_of_the_server() -> None:
    """https://github.com/muaz-khan/RTCMultiConnection/issues/350"""
    own = "ws://203.0.113.10:3030/"
    (claim,) = judge("websocket.mixed-content", page(own))
    assert claim.facts["socket"] == own
    assert not judge("websocket.mixed-content", page("ws://198.51.100.7:3030/"))
    assert not judge("websocket.mixed-content", page(own, WSS)), "the page chooses"
    local = replace(page("ws://127.0.0.1:3030/"), address="127.0.0.1")
    assert not judge("websocket.mixed-content", local), "browsers do not block loopback"


MESSAGE = (
    "Mixed Content: The page at 'https://shop.example.com/?room' was loaded over HTTPS, but "
    "attempted to connect to the insecure WebSocket endpoint 'ws://shop.example.com:6060/'. This "
    "request has been blocked; this endpoint must be available over WSS."
)
TOLD = replace(SHOP, symptom=symptom_of(MESSAGE))
LISTENING = Listeners(
    sockets=(Listener(address="0.0.0.0", port=6060, family=4, pid=700, process="node"),)
)
STATIC = """server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
}
"""


def test_fires_on_the_message_of_a_browser() -> None:
    """https://github.com/AndrewBelt/hack.chat/issues/105"""
    (claim,) = judge("websocket.mixed-content", page(), target=TOLD)
    assert (claim.facts["socket"], claim.facts["told"]) == ("ws://shop.example.com:6060/", True)
    firefox = "Firefox can’t establish a connection: Mixed Content ws://shop.example.com:6060/x"
    (claim,) = judge(
        "websocket.mixed-content", page(), target=replace(SHOP, symptom=symptom_of(firefox))
    )
    assert claim.facts["socket"] == "ws://shop.example.com:6060/x"


def test_silent_about_a_message_of_what_is_over_or_elsewhere() -> None:
    mended = WebSocketPath(source="https://shop.example.com/app.js", path="/chat")
    assert not judge("websocket.mixed-content", page(), mended, target=TOLD)
    opened = upgrade(status=101, accepted=True)
    assert not judge("websocket.mixed-content", page(), opened, target=TOLD)
    assert not judge("websocket.mixed-content", page(WSS), target=TOLD)
    text = MESSAGE.replace("ws://shop.example.com", "ws://chat.example.net")
    other = replace(SHOP, symptom=symptom_of(text))
    assert not judge("websocket.mixed-content", page(), target=other)


def test_the_port_is_passed_on_and_the_script_names_the_new_path() -> None:
    named = answered(script(), mentions=("ws://shop.example.com:6060/",))
    (claim,) = judge(
        "websocket.mixed-content", page(), named, LISTENING, config(STATIC), RUNNING, target=TOLD
    )
    assert (claim.facts["process"], claim.facts["new"]) == ("node", "wss://shop.example.com/ws")
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *_, command = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "proxy_pass http://127.0.0.1:6060/;" in edit.diff
    assert "location = /ws {" in edit.diff
    assert "/var/www/shop/app.js" in str(command)


def test_the_script_is_left_where_its_path_would_lead_nowhere() -> None:
    named = answered(script(), mentions=("ws://shop.example.com:6060/",))
    (claim,) = judge("websocket.mixed-content", page(), named, config(STATIC), RUNNING)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("url", "before", "after"),
    [
        (
            "ws://a.example:6060/",
            "new WebSocket('ws://' + document.domain + ':6060')",
            "new WebSocket('wss://' + document.domain + '/ws')",
        ),
        (
            "ws://a.example:6060/ws",
            'x("ws://"+window.location.hostname+":6060/ws?id="+id)',
            'x("wss://" + window.location.hostname + "/ws?id="+id)',
        ),
        (
            "ws://a.example:6060/",
            "y(`ws://${location.hostname}:6060/`)",
            "y(`wss://${location.hostname}/ws`)",
        ),
        (
            "ws://a.example/ws",
            "x('ws://' + location.host + '/ws')",
            "x('wss://' + location.host + '/ws')",
        ),
        ("ws://a.example:6060/ws", "u='ws://a.example:6060/ws'", "u='wss://a.example/ws'"),
        ("ws://a.example:6060/", "u='wss://a.example:6060/'", "u='wss://a.example:6060/'"),
    ],
)
def test_the_script_is_rewritten(url: str, before: str, after: str) -> None:
    socket = parse_url(url)
    assert socket is not None
    words = [word for script in sed_scripts(socket, "/ws", "a.example") for word in ("-e", script)]
    done = subprocess.run(["sed", *words], input=before, text=True, capture_output=True, check=True)
    assert done.stdout == after


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (
            (haproxy_evidence.SERVER, haproxy_evidence.config()),
            "use_backend websocket_6060 if { path /ws }",
        ),
        ((caddy_evidence.CADDY, caddy_evidence.caddy_config()), "handle /ws {"),
    ],
)
def test_other_servers_pass_the_port_on(server: tuple[Observation, ...], line: str) -> None:
    socket = parse_url("ws://shop.example.com:6060/")
    assert socket is not None
    passed = passed_port(evidence(LISTENING, *server), socket)
    assert passed is not None
    edit = passed.steps[0]
    assert isinstance(edit, Edit)
    assert line in edit.diff
    assert "127.0.0.1:6060" in edit.diff
