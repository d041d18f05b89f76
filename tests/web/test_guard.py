"""Who is let in, and what every answer forbids the browser. A real server, and no page."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import pytest
from aiohttp import web
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from diagnose.web.guard import HEADERS, refusal_reason
from diagnose.web.server import FILES, ScreenServer

SECRET = "s3cret-of-this-run"

#: In place of `diagnose`: it says one word and reads to the end.
_HELLO = r"""
import sys
sys.stdout.buffer.write(b"__GANGLION__\nD\x00\x00\x00\x05hello")
sys.stdout.flush()
sys.stdin.buffer.read()
"""


class Serving(NamedTuple):
    port: int
    client: httpx.AsyncClient

    async def get(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.get(f"http://127.0.0.1:{self.port}{path}", headers=fields)


@asynccontextmanager
async def _serving(lang: str) -> AsyncIterator[Serving]:
    screens = ScreenServer([sys.executable, "-c", _HELLO], "<shop>", SECRET, lang)
    runner = web.AppRunner(await screens._make_app(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with httpx.AsyncClient() as client:
            yield Serving(runner.addresses[0][1], client)
    finally:
        await runner.cleanup()


def served(work: Callable[[Serving], Awaitable[None]], lang: str = "en") -> None:
    async def run() -> None:
        async with asyncio.timeout(60), _serving(lang) as serving:
            await work(serving)

    asyncio.run(run())


# Requests


HOST, PAGE = "127.0.0.1:8043", f"/{SECRET}/"


@pytest.mark.parametrize("host", ["127.0.0.1:8043", "localhost:9999", "localhost", "127.0.0.1"])
def test_loopback_by_either_name_and_any_port_is_let_in(host: str) -> None:
    assert refusal_reason(PAGE, host, None, SECRET) is None
    assert refusal_reason(f"{PAGE}ws", host, f"http://{host}", SECRET) is None


@pytest.mark.parametrize(
    "host",
    [
        "", "shop.example.com", "shop.example.com:8043", "127.0.0.1.example.com:8043",
        "localhost.example.com", "127.0.0.2:8043", "0.0.0.0:8043", "127.0.0.1:", "127.0.0.1:80 ",
        "user@127.0.0.1:8043", "127.0.0.1:8043\n", "LOCALHOST:8043", "127.0.0.1:٣",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(host: str) -> None:
    assert refusal_reason(PAGE, host, None, SECRET) == "not-loopback"
    assert refusal_reason(f"{PAGE}ws", host, f"http://{host}", SECRET) == "not-loopback"


@pytest.mark.parametrize(
    "path",
    ["/", "", "/ws", "/textual.js", f"/{SECRET[:-1]}/", f"/{SECRET}x/ws", "//", f"//{SECRET}/", "*",
     f"/x/{SECRET}/", "/密/", "/\udcff/"],
)  # fmt: skip
def test_without_the_secret_nothing_is_given(path: str) -> None:
    assert refusal_reason(path, HOST, f"http://{HOST}", SECRET) == "no-secret"


@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "https://127.0.0.1:8043", "http://127.0.0.1:8044", "http://localhost:8043",
     "http://shop.example.com", "http://127.0.0.1:8043.example.com"],
)  # fmt: skip
def test_a_websocket_is_opened_by_the_page_alone(origin: str | None) -> None:
    assert refusal_reason(f"{PAGE}ws", HOST, origin, SECRET) == "foreign-page"
    assert refusal_reason(PAGE, HOST, origin, SECRET) == (
        None if origin is None else "foreign-page"
    )


# Answers


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


def test_everybody_else_gets_a_sentence() -> None:
    async def work(serving: Serving) -> None:
        for path, fields, said in (
            ("/", {}, "This is not the whole address"),
            ("/static/", {}, "This is not the whole address"),
            (PAGE, {"Host": "shop.example.com"}, "Only 127.0.0.1 and localhost"),
            (f"{PAGE}ws", {"Origin": "http://shop.example.com"}, "Another page"),
        ):
            answer = await serving.get(path, **fields)
            assert answer.status_code == 403
            assert said in answer.text
            assert SECRET not in answer.text

    served(work)


def test_only_what_the_page_consists_of_is_served() -> None:
    async def work(serving: Serving) -> None:
        for name, (path, kind) in FILES.items():
            answer = await serving.get(PAGE + name)
            assert answer.content == path.read_bytes()
            assert answer.headers["Content-Type"] == kind
        for name in ("page.html", "..%2fguard.py", "static/", "download/x", "%2e%2e/x", "js"):
            assert (await serving.get(PAGE + name)).status_code == 404, name

    served(work)


def test_every_answer_forbids_what_it_does_not_need() -> None:
    async def work(serving: Serving) -> None:
        for path in (f"{PAGE}textual.js", f"{PAGE}nothing", "/"):
            answer = await serving.get(path)
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS

    served(work)
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert HEADERS["X-Frame-Options"] == "DENY"


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


# WebSockets


def _refused(path: str, host: str = "127.0.0.1", origin: str | None = None) -> None:
    async def work(serving: Serving) -> None:
        name = f"{host}:{serving.port}"
        asked = Origin(f"http://{name}" if origin is None else origin)
        with pytest.raises(InvalidStatus) as no:
            async with connect(f"ws://{name}{path}", origin=asked or None, host="127.0.0.1",
                               port=serving.port, proxy=None):  # fmt: skip
                pass
        assert no.value.response.status_code == 403

    served(work)


def test_a_websocket_of_a_foreign_page_is_refused() -> None:
    _refused(f"{PAGE}ws", origin="https://shop.example.com")


def test_a_websocket_of_no_page_is_refused() -> None:
    _refused(f"{PAGE}ws", origin="")


def test_a_websocket_without_the_secret_is_refused() -> None:
    _refused("/ws")
    _refused("/guessed/ws")


def test_a_websocket_by_a_name_of_the_web_is_refused() -> None:
    _refused(f"{PAGE}ws", host="rebound.example.com")


def test_a_websocket_of_the_page_has_a_process_of_its_own() -> None:
    async def work(serving: Serving) -> None:
        host = f"127.0.0.1:{serving.port}"
        address = f"ws://{host}{PAGE}ws?width=80&height=24"
        async with connect(address, origin=Origin(f"http://{host}"), proxy=None) as socket:
            assert await socket.recv() == b"hello"
            await socket.send('["ping", "1"]')
            assert await socket.recv() == '["pong", "1"]'

    served(work)
