"""websocket.other-path: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Target
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.pages import WebSocketPath
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
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


ROOT = Target("wss://shop.example.com/", "wss", "shop.example.com", 443, "/", ("/",))
SOCKETS = SITE.replace(
    "    location / {",
    "    location /ws/ {\n        proxy_pass http://127.0.0.1:8001;\n"
    "        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";\n    }\n\n    location /static/ {\n'
    "        alias /srv/shop/static/;\n    }\n\n    location / {",
)
CALL = WebSocketPath(source="https://shop.example.com/static/chat.js", path="/", line=3)


def passed(status: int, asked: str = "/", other: str = "/ws/") -> tuple[Upgrade, Upgrade]:
    refused = replace(upgrade(status), url=f"wss://shop.example.com{asked}", path=asked)
    url = f"wss://shop.example.com{other}"
    return refused, replace(ELSEWHERE, url=url, path=asked)


def test_names_the_line_of_the_script_where_nginx_passes_websockets_on_elsewhere() -> None:
    seen = (*passed(200), CALL, config(SOCKETS), BUILD, RUNNING)
    (claim,) = judge(CHECK, *seen, target=ROOT)
    assert claim.facts["other"] == "/ws/"
    assert str(claim.facts["passed"]).endswith(":8")
    assert (claim.facts["file"], claim.facts["line"]) == ("/srv/shop/static/chat.js", 3)


def test_fires_on_the_same_path_below_the_location_that_passes_websockets_on() -> None:
    named = replace(CALL, path="/ws")
    assert judge(CHECK, *passed(404, "/ws", "/app/ws"), named, target=CHAT)
    assert not judge(CHECK, *passed(404, "/ws", "/app"), named, target=CHAT)


def test_silent_where_the_page_opens_both() -> None:
    other = replace(CALL, path="/ws/")
    assert not judge(CHECK, *passed(200), CALL, other, target=ROOT)
    assert not judge(CHECK, *passed(403), CALL, target=ROOT), "it may want a login"
