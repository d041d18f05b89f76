"""websocket.upstream-failed: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import CHAT, REFUSED, SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, LOADED, RUNNING, SITE, config, direct, front

CHECK = "websocket.upstream-failed"
LOG = "/var/log/nginx/error.log"
LINE = LogLine(
    vantage=Vantage.SERVER,
    file=LOG,
    when=LOADED + 60,
    level="error",
    pid=7,
    text="connect() failed (111: Connection refused)",
    errno=111,
    doing="connecting to upstream",
    request="GET /ws HTTP/1.1",
    upstream="http://127.0.0.1:6001/ws",
    host="shop.example.com",
)
READ = ErrorLog(vantage=Vantage.SERVER, at=5.0, file=LOG, until=LOADED + 62, since=LOADED)
SEEN = (BUILD, HOST, RUNNING, config(), READ)


def test_fires_and_names_the_address_that_nginx_tried() -> None:
    (claim,) = judge(CHECK, *SEEN, front(502), LINE, target=CHAT)
    assert claim.facts["upstream"] == "http://127.0.0.1:6001/ws"
    assert claim.facts["refused"]
    assert not claim.facts["slow"]


def test_fires_on_an_answer_that_does_not_come() -> None:
    slow = replace(LINE, text="upstream timed out (110: Connection timed out)", errno=110)
    (claim,) = judge(CHECK, *SEEN, front(504), slow, target=CHAT)
    assert claim.facts["slow"]


def test_silent_about_lines_from_before_this_run() -> None:
    assert not judge(CHECK, *SEEN, front(502), replace(LINE, when=LOADED + 10), target=CHAT)


def test_silent_about_another_path_and_another_status() -> None:
    other = replace(LINE, request="GET /other HTTP/1.1")
    assert not judge(CHECK, *SEEN, front(502), other, target=CHAT)
    assert not judge(CHECK, *SEEN, front(404), LINE, target=CHAT)


def test_silent_where_the_application_itself_was_asked() -> None:
    tried = UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000,
        path="/ws",
    )  # fmt: skip
    assert not judge(CHECK, *SEEN, front(502), LINE, tried, target=CHAT)
    assert not judge(CHECK, *SEEN, front(502), LINE, direct(404), target=CHAT)


def test_silent_where_the_page_is_refused_by_the_same_server() -> None:
    by_variable = SITE.replace("http://127.0.0.1:3000", "http://127.0.0.1:6001")
    by_variable = by_variable.replace(
        "    location / {", "    location /ws { proxy_pass http://$chat; }\n    location / {"
    )
    observations = (BUILD, HOST, RUNNING, config(by_variable), READ)
    down = UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:6001", host="127.0.0.1", port=6001,
        path="/", failure=REFUSED,
    )  # fmt: skip
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=502)
    target = replace(SHOP, websockets=("/ws",))
    assert not judge(CHECK, *observations, front(502), LINE, down, page, target=target)
    served = replace(page, status=200)
    assert judge(CHECK, *observations, front(502), LINE, down, served, target=target)
