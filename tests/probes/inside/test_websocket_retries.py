"""A refused WebSocket is tried again at a real application on loopback."""

import asyncio
import http
from dataclasses import replace

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from diagnose.machine.local import LocalMachine
from diagnose.model import Target
from diagnose.model.http import Upgrade
from diagnose.net.local import LocalNet
from diagnose.probes.inside import websocket_retries
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config, direct
from tests.support.recorded_machine import RecordedMachine

CHAT = Target("wss://shop.example.com/ws", "wss", "shop.example.com", 443, "/ws", ("/ws",))
HOST = "proxy_set_header Host $host;"


async def wait(connection: ServerConnection) -> None:
    await connection.wait_closed()


def cable(connection: ServerConnection, request: Request) -> Response | None:
    """Like Action Cable: the whole origin has to be that of the page."""
    scheme = request.headers.get("X-Forwarded-Proto", "http")
    if request.headers.get("Origin") == f"{scheme}://{request.headers['Host']}":
        return None
    return connection.respond(http.HTTPStatus.NOT_FOUND, "Page not found")


def development(connection: ServerConnection, request: Request) -> Response | None:
    if (request.headers.get("Origin") or "").startswith("http://localhost:"):
        return None
    return connection.respond(http.HTTPStatus.FORBIDDEN, "Forbidden")


def retried(
    refuse: object, lines: str, refused: Upgrade, target: Target = CHAT, handler: object = wait
) -> list[tuple[str, bool]]:
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.target = LocalNet(), target

    async def work() -> None:
        async with serve(handler, "127.0.0.1", 0, process_request=refuse) as server:  # type: ignore[arg-type]
            port = next(iter(server.sockets)).getsockname()[1]
            seen = config(
                "server { listen 443 ssl; server_name shop.example.com;"
                f" location / {{ proxy_pass http://127.0.0.1:{port}; {lines} }} }}\n"
            )
            ctx.observations += [seen, refused]
            await websocket_retries.failed.work(ctx, refused)

    asyncio.run(work())
    retries = [upgrade for upgrade in ctx.observed(Upgrade) if upgrade is not refused]
    return [(retry.variant, retry.accepted) for retry in retries]


def test_the_visitors_scheme_is_named() -> None:
    assert retried(cable, HOST, direct(404)) == [("forwarded", True)]


def test_the_address_of_development_comes_last() -> None:
    expected = [("forwarded", False), ("own-host", True)]
    assert retried(development, HOST, direct(403)) == expected


def test_a_scheme_that_nginx_names_is_not_named_again() -> None:
    lines = f"{HOST} proxy_set_header X-Forwarded-Proto $scheme;"
    assert retried(development, lines, direct(403)) == [("own-host", True)]


def test_nothing_is_tried_where_the_application_accepts() -> None:
    assert retried(cable, HOST, direct(101)) == []


def test_nothing_is_tried_where_the_upgrade_was_lost() -> None:
    assert retried(cable, HOST, direct(426)) == []


def plainly(refused: Upgrade) -> list[tuple[str, str, int | None]]:
    """What the application answers to an ordinary request, by this machine's curl."""
    ctx = Looking(LocalMachine())
    ctx.net, ctx.target = LocalNet(), CHAT

    def respond(connection: ServerConnection, request: Request) -> Response:
        is_handshake = "Upgrade" in request.headers
        return connection.respond(http.HTTPStatus.NOT_FOUND, f"handshake: {is_handshake}")

    async def work() -> None:
        async with serve(wait, "127.0.0.1", 0, process_request=respond) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            lines = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
            seen = config(
                "server { listen 443 ssl; server_name shop.example.com;"
                f" location / {{ proxy_pass http://127.0.0.1:{port}; {lines} }} }}\n"
            )
            ctx.observations += [seen, refused]
            await websocket_retries.plain_request.work(ctx, refused)

    asyncio.run(work())
    answers = [upgrade for upgrade in ctx.observed(Upgrade) if upgrade is not refused]
    return [(answer.variant, answer.body, answer.status) for answer in answers]


def test_the_path_is_asked_for_without_a_handshake() -> None:
    first, *others = plainly(direct(404))
    assert first == ("plain", "handshake: False", 404)
    assert {variant for variant, _, _ in others} == {"other-path"}
    assert len(others) == 3, "nginx asks for one of the usual paths already"


def test_an_application_that_opens_or_forbids_is_not_asked() -> None:
    assert plainly(direct(101)) == plainly(direct(403)) == []


async def closing(connection: ServerConnection) -> None:
    """Like n8n: it opens the WebSocket and compares the origin with the host then."""
    fields = connection.request.headers if connection.request else {}
    host = fields.get("X-Forwarded-Host") or fields.get("Host")
    if fields.get("Origin") == f"https://{host}":
        await connection.wait_closed()
    await connection.send("Invalid origin!")
    await connection.close(1008)


CLOSED = replace(direct(101), ended="close", close_code=1008)


def test_the_visitors_host_is_named_after_a_close_for_a_policy() -> None:
    assert retried(None, "", CLOSED, handler=closing) == [("visitor-host", True)]


def test_another_forwarded_host_is_replaced_after_a_close_for_a_policy() -> None:
    lines = f"{HOST} proxy_set_header X-Forwarded-Host n8n;"
    assert retried(None, lines, CLOSED, handler=closing) == [("forwarded-host", True)]


def test_nothing_is_tried_after_a_close_for_credentials() -> None:
    assert retried(None, "", replace(CLOSED, close_code=4401), handler=closing) == []
