"""The ws:// address that somebody names of a site with https."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from diagnose.model import Target
from diagnose.model.symptom import Symptom
from diagnose.model.websocket_attempts import PlainHandshake
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside.plain_websockets import _named_url, try_without_tls
from tests.probes.outside.test_websocket import Looking, wait

HERE = "127.0.0.1"
LED = Symptom("websocket", f"InvalidURI: https://{HERE}/ws isn't a valid URI")


def redirect(connection: ServerConnection, request: Request) -> Response:
    response = connection.respond(HTTPStatus.MOVED_PERMANENTLY, "")
    response.headers["Location"] = f"https://{HERE}/ws"
    return response


def look(words: str, path: str = "/ws", scheme: str = "https") -> tuple[PlainHandshake, ...]:
    async def run() -> tuple[PlainHandshake, ...]:
        async with serve(wait, HERE, 0, process_request=redirect) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            text = words.format(port=port)
            message = Symptom("websocket", text)
            target = Target(f"{scheme}://{HERE}/", scheme, HERE, 443, "/", (path,), "", message)
            ctx: Any = Looking(target)
            ctx.further_requests = FurtherRequests()
            for _ in range(2):
                await try_without_tls(ctx, HERE, path)
            observed: tuple[PlainHandshake, ...] = ctx.observed(PlainHandshake)
            return observed

    return asyncio.run(run())


def test_the_named_address_is_tried_once() -> None:
    (seen,) = look("ws://127.0.0.1:{port}/ws?room=1 does not open", "/ws?room=2")
    assert (seen.status, seen.location) == (301, f"https://{HERE}/ws")
    assert seen.url.startswith("ws://")
    assert seen.url.endswith("/ws?room=2")
    assert "curl" in seen.equivalent
    assert " -k " not in seen.equivalent


@pytest.mark.parametrize(
    "words",
    [
        "wss://127.0.0.1:{port}/ws does not open",
        "ws://127.0.0.1:{port}/other does not open",
        "ws://example.org:{port}/ws does not open",
        "ws:// does not open",
        "ws://[ does not open",
        "ws://127.0.0.1:1/ws does not open",
    ],
)
def test_another_address_is_not_tried(words: str) -> None:
    assert look(words) == ()


def test_a_site_without_https_is_not_tried() -> None:
    assert look("ws://127.0.0.1:{port}/ws", scheme="http") == ()


def test_the_address_from_which_a_client_was_led_to_https() -> None:
    """Websockets for Python names the address that it was redirected to."""
    target = Target(f"https://{HERE}/", "https", HERE, 443, "/", ("/ws",), "", LED)
    assert target.plain_sockets_in
    ctx: Any = Looking(target)
    assert str(_named_url(ctx, "/ws")) == f"ws://{HERE}/ws"
    ctx.target = replace(target, port=8443)
    assert _named_url(ctx, "/ws") is None
