"""Other paths after a refused handshake, tried at real servers on loopback."""

import asyncio
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from diagnose.model import Target
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside import websocket as probes
from diagnose.probes.outside.websocket_paths import MAX_PATHS, find_paths
from tests.probes.outside.test_websocket import Looking, wait

SCRIPT = '<script>new WebSocket("/live")</script>'


def look(
    page: str = "", body: str = "", named: tuple[str, ...] = (), answered: bool = True
) -> tuple[list[str], Looking]:
    """Return the paths of the handshakes that a server got, after one at /ws was refused. The
    WebSocket is at /live."""
    asked: list[str] = []

    def respond(socket: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade"):
            asked.append(request.path)
            return None if request.path == "/live" else socket.respond(HTTPStatus.NOT_FOUND, "")
        response = socket.respond(HTTPStatus.OK, page)
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "text/html"
        return response

    async def run() -> Looking:
        async with serve(wait, "127.0.0.1", 0, process_request=respond) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            url = f"ws://127.0.0.1:{port}/ws"
            run = Looking(Target(url, "ws", "127.0.0.1", port, "/ws", ("/ws",)))
            run.further_requests = FurtherRequests()  # type: ignore[attr-defined]
            if answered:
                run.emit(Exchange(url=url, address="127.0.0.1", port=port, status=404))
            for path in named:
                run.emit(WebSocketPath(source=url, path=path))
            upgrade = Upgrade(
                url=url, path="/ws", address="127.0.0.1", port=port, status=404, fault="status",
                body=body,
            )  # fmt: skip
            await probes.refused.work(run, run.emit(upgrade))
            for path in run.observed(WebSocketPath)[len(named) :]:
                await probes.named.work(run, path)
            return run

    return asked, asyncio.run(run())


def test_the_page_of_the_site_is_read_and_its_path_is_tried() -> None:
    asked, run = look(SCRIPT)
    assert asked == ["/ws/", "/live"]
    accepted = [upgrade for upgrade in run.observed(Upgrade) if upgrade.accepted]
    assert [(upgrade.variant, upgrade.path) for upgrade in accepted] == [("other-path", "/ws")]


def test_sockjs_names_its_endpoint_by_its_greeting() -> None:
    asked, _ = look(body="Welcome to SockJS!\n")
    assert asked == ["/ws/websocket", "/ws/"]


def test_the_number_of_paths_is_limited_and_each_is_tried_once() -> None:
    asked, _ = look(named=("/a", "/a", "/b", "/c", "/d", "/e", "/ws"))
    assert asked == ["/ws/", "/a", "/b", "/c"]
    assert len(asked) == MAX_PATHS


def test_nothing_is_tried_before_the_main_answer() -> None:
    assert look(SCRIPT, answered=False)[0] == []


def test_find_paths_asks_only_once() -> None:
    asked, run = look(SCRIPT)

    async def fail(*_: object) -> None:
        raise AssertionError("no further handshake")

    asyncio.run(find_paths(run, run.observed(Upgrade)[0], fail))  # type: ignore[arg-type]
    assert asked == ["/ws/", "/live"]
