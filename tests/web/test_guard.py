"""Who is let in, and what every answer forbids the browser."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from diagnose.web.guard import HEADERS, refusal_reason
from tests.support.web_server import HOST, PAGE, SECRET, Serving, served

# Requests


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


def test_every_answer_forbids_what_it_does_not_need() -> None:
    async def work(serving: Serving) -> None:
        for path in (f"{PAGE}textual.js", f"{PAGE}nothing", "/"):
            answer = await serving.get(path)
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS

    served(work)
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert HEADERS["X-Frame-Options"] == "DENY"


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
