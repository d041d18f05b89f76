"""The page that a message says was requested, without the name of the site."""

# ruff: noqa: E501 -- messages are pasted whole

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.target import UsageError, parse_target

SITE = "https://shop.example.com/"
ACCESS = '203.0.113.5 - - [12/Mar/2024:10:01:11 +0000] "GET {} HTTP/1.1" 400 173 "-" "Mozilla/5.0"'
NGINX = (
    "2024/03/12 10:01:11 [error] 12#12: *5 connect() failed (111: Connection refused) while"
    ' connecting to upstream, client: 172.18.0.1, server: _, request: "GET /chat HTTP/1.1",'
    ' upstream: "http://127.0.0.1:3001/chat", host: "{}"'
)
CADDY = (
    '{"level":"error","logger":"http.log.error","msg":"dial tcp 127.0.0.1:3000: connect:'
    ' connection refused","request":{"remote_ip":"203.0.113.5","method":"GET",'
    '"host":"myapp.com","uri":"/api/v1/items"},"status":502}'
)


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ('INFO:     172.18.0.1:51234 - "GET /ws/a HTTP/1.1" 404 Not Found', "/ws/a"),
        (ACCESS.format("/api/b"), "/api/b"),
        (NGINX.format("localhost:8080"), "/chat"),
        (NGINX.format("yourdomain.com"), "/chat"),
        (CADDY, "/api/v1/items"),
        ('(No route matches [GET] "/assets/application.css"):', "/assets/application.css"),
        ("No mapping for GET /ws/info", "/ws/info"),
        ("the api gives 404, but curl localhost:8000/api/users works", "/api/users"),
        ("访问 http://localhost:8080/api/list 正常，通过域名访问报 404", "/api/list"),
        ("GET https://***.com/api/user 502 (Bad Gateway)", "/api/user"),
        ("GET https://xxx.xxx.com/api/user 504 (Gateway Time-out)", "/api/user"),
        ("Failed to decode downloaded font: https://shop.example.com/f/a.woff2", "/f/a.woff2"),
        ("it redirects to http://localhost:3000/login", "/"),
        ("502 since today, upstream http://127.0.0.1:3000/ is up", "/"),
        ("GET https://api.other.net/users/1 500", "/"),
    ],
)
def test_the_page_that_a_message_tells(message: str, path: str) -> None:
    (target,) = parse_targets([SITE, message], (), "en")
    assert (target.host, target.path) == ("shop.example.com", path)


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ('INFO:     127.0.0.1:51234 - "WebSocket /ws/chat" 403', "/ws/chat"),
        ("WebSocket HANDSHAKING /ws/a/ [127.0.0.1:51234]\nWebSocket REJECT /ws/a/ [127.0.0.1:5]", "/ws/a/"),
        ('400 GET /api/k/channels?session_id=a (127.0.0.1): Can "Upgrade" only to "WebSocket".', "/api/k/channels"),
        ("| 404 | 1.2ms |       127.0.0.1 | GET      \"/ws/echo\" websocket: bad handshake", "/ws/echo"),
        ("WebSocket connection to 'wss://<my-domain>/ws' failed: ", "/ws"),
        ("WebSocketException: Connection to 'https://shop.example.com:0/ws#' was not upgraded to websocket", "/ws"),
    ],
)  # fmt: skip
def test_the_websocket_that_a_message_tells(message: str, path: str) -> None:
    (target,) = parse_targets([SITE, message], (), "en")
    assert (target.host, target.websockets) == ("shop.example.com", (path,))


@pytest.mark.parametrize(
    "line",
    [
        'INFO:     127.0.0.1:51234 - "GET /ws HTTP/1.1" 404 Not Found',
        'Started GET "/cable" for 127.0.0.1 at 2024-03-12 10:01:11 404 Not Found',
        "WebSocket REJECT /ws/a/ [127.0.0.1:51234]",
        "400 GET /api/k/channels (127.0.0.1) Bad Request",
    ],
)
def test_the_visitor_of_a_log_is_no_site(line: str) -> None:
    with pytest.raises(UsageError, match="names no site"):
        parse_target(line)


def test_safari_names_the_page_before_what_it_asked_for() -> None:
    message = (
        "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin."
        " Status code: 502\nXMLHttpRequest cannot load https://shop.example.com/api due to access"
        " control checks."
    )
    target = parse_target(message)
    assert target.url == "https://shop.example.com/api"


def test_a_page_that_is_usually_a_websocket_is_tried_as_one() -> None:
    (target,) = parse_targets([SITE, '"GET /ws/room HTTP/1.1" 404 Not Found'], (), "en")
    assert (target.path, target.websockets) == ("/ws/room", ("/ws/room",))
    (target,) = parse_targets([SITE, '"GET /news HTTP/1.1" 404 Not Found'], (), "en")
    assert (target.path, target.websockets) == ("/news", ())


@pytest.mark.parametrize(
    ("words", "websockets"),
    [
        ("вебсокет /ws/room не подключается через nginx", ("/ws/room",)),
        ("the websocket at /app/live does not connect", ("/app/live",)),
        ("websocket 连接 /ws/room 失败", ("/ws/room",)),
        ("the websocket fails on and/or off, /var/log/nginx/error.log is empty", ()),
        ("websockets /a and /b do not connect", ()),
    ],
)
def test_the_websocket_among_words(words: str, websockets: tuple[str, ...]) -> None:
    (target,) = parse_targets([SITE, words], (), "en")
    assert target.websockets == websockets


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (f"Request origin not allowed: {SITE[:-1]}\nFailed to upgrade to WebSocket (A: GET)", "/cable"),
        ("Could not check origin for Phoenix.Socket transport.", "/live/websocket?vsn=2.0.0"),
        ('streamlit app stuck on "Please wait...", console: WebSocket onerror', "/_stcore/stream"),
        ("connect_error: xhr poll error", "/socket.io/?EIO=4&transport=websocket"),
    ],
)  # fmt: skip
def test_the_usual_websocket_of_a_framework(words: str, path: str) -> None:
    (target,) = parse_targets([SITE, words], (), "en")
    assert target.websockets == (path,)
    (target,) = parse_targets([f"{SITE}", f"{words} /own/ws"], (), "en")
    assert target.websockets == ("/own/ws",)
