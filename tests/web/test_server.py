"""The page, its files and its WebSocket. A real server, and no browser."""

from websockets.asyncio.client import connect
from websockets.typing import Origin

from diagnose.web.guard import HEADERS
from diagnose.web.server import FILES
from tests.support.web_server import PAGE, SECRET, Serving, served


def test_the_page_is_given_to_who_has_the_address() -> None:
    async def work(serving: Serving) -> None:
        page = await serving.get(PAGE, Host="localhost:9000")
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'"ws://localhost:9000/{SECRET}/ws"' in page.text
        assert "<title>&lt;shop&gt;</title>" in page.text
        assert '<html lang="en">' in page.text

    served(work)


def test_the_page_speaks_chinese() -> None:
    async def work(serving: Serving) -> None:
        page = await serving.get(PAGE)
        assert '<html lang="zh-Hans">' in page.text
        assert "重新开始" in page.text
        assert "地址不完整" in (await serving.get("/")).text

    served(work, "zh")


def test_only_what_the_page_consists_of_is_served() -> None:
    async def work(serving: Serving) -> None:
        for name, (path, kind) in FILES.items():
            answer = await serving.get(PAGE + name)
            assert answer.content == path.read_bytes()
            assert answer.headers["Content-Type"] == kind
        for name in ("page.html", "..%2fguard.py", "static/", "download/x", "%2e%2e/x", "js"):
            assert (await serving.get(PAGE + name)).status_code == 404, name

    served(work)


def test_the_page_may_speak_to_its_own_server_alone() -> None:
    async def work(serving: Serving) -> None:
        answer = await serving.get(PAGE, Host="localhost:9000")
        for name in HEADERS.keys() - {"Content-Security-Policy"}:
            assert answer.headers[name] == HEADERS[name]
        policy = answer.headers["Content-Security-Policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules.pop("connect-src") == "ws://localhost:9000"
        assert rules.pop("style-src") == "'self' 'unsafe-inline'"
        assert rules.pop("img-src") == "data:"
        assert set(rules.values()) == {"'none'", "'self'"}
        assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
        assert rules["script-src"] == "'self'"

    served(work)


def test_a_websocket_of_the_page_has_a_process_of_its_own() -> None:
    async def work(serving: Serving) -> None:
        host = f"127.0.0.1:{serving.port}"
        address = f"ws://{host}{PAGE}ws?width=80&height=24"
        async with connect(address, origin=Origin(f"http://{host}"), proxy=None) as socket:
            assert await socket.recv() == b"hello"
            await socket.send('["ping", "1"]')
            assert await socket.recv() == '["pong", "1"]'

    served(work)
