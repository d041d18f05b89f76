"""The application of another location, asked for a path that nginx looks for among files."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.model.requests import BypassedApplication
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options
from diagnose.probes.inside import neighbour_applications
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.page_evidence import answered, script
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
NAMED = WebSocketPath(source=SHOP.url, path="/socket.io/", library="Socket.IO")
FILES = "location / { root /srv; }"


def looked(
    seen: WebSocketPath | PageFileResponse, lines: str = FILES, has: str = "/socket.io/"
) -> tuple[list[tuple[str, int | None]], list[str]]:
    """Return what was observed, and the paths that the application was asked for."""
    look, asked = Looking(RecordedMachine()), list[str]()
    look.net, look.options, look.target = LocalNet(), Options(), SHOP

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
        asked.append(path)
        status = "200 OK" if path.startswith(has) else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        api = f"location /api/ {{ proxy_pass http://127.0.0.1:{port}/v1/; }}"
        text = f"http {{ server {{ listen 443 ssl; {api} {lines} }} }}"
        async with server:
            config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
            look.observations += [config, PAGE, seen]
            for _ in range(2):
                if isinstance(seen, WebSocketPath):
                    await neighbour_applications.socket_io.work(look, seen, config)
                else:
                    await neighbour_applications.missing_file.work(look, seen, config)

    asyncio.run(work())
    answers = look.observed(BypassedApplication)
    return [(answer.path, answer.status) for answer in answers], asked


def test_asks_for_the_first_request_of_socket_io_and_for_a_control() -> None:
    answers, asked = looked(NAMED)
    assert answers == [("/socket.io/", 200), ("/socket.io-diagnose-7f3a", 404)]
    assert asked[0] == "/socket.io/?EIO=4&transport=polling"


def test_asks_for_a_file_of_the_page() -> None:
    missing = answered(script("/media/app.js"), 404)
    answers, _ = looked(missing, has="/media/app.js")
    assert answers[0] == ("/media/app.js", 200)


def test_asks_for_no_control_where_the_application_lacks_the_path() -> None:
    assert looked(NAMED, has="/nothing")[0] == [("/socket.io/", 404)]


@pytest.mark.parametrize(
    ("seen", "lines"),
    [
        (replace(NAMED, library="SignalR"), FILES),
        (answered(script("/media/app.js"), 200), FILES),
        (answered(script("/media/app.js"), 500), FILES),
        (NAMED, "location / { return 404; }"),
        (NAMED, "location /socket.io/ { proxy_pass http://127.0.0.1:1; }"),
    ],
)
def test_asks_nothing_else(seen: WebSocketPath | PageFileResponse, lines: str) -> None:
    assert looked(seen, lines)[1] == []
