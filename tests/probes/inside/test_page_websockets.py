"""A WebSocket that the page names, tried at the application where nginx may not pass it on."""

import asyncio
from dataclasses import replace

from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Target
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import WebSocketPath
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options
from diagnose.probes.inside import page_websockets
from tests.support.check_evidence import CHAT, SHOP
from tests.support.fake_context import Looking

NAMED = WebSocketPath(source="https://shop.example.com/app.js", path="/ws")
PASSING = (
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
    " proxy_set_header Connection upgrade;"
)


def asked(
    lines: str, *named: WebSocketPath, target: Target = SHOP, skipped: tuple[str, ...] = ()
) -> list[str]:
    """The request lines that the application gets."""
    look, requests = Looking(RecordedMachine()), list[str]()
    look.net, look.target = LocalNet(), target
    look.options = replace(Options(), skip=skipped)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        block = f"location / {{ proxy_pass http://127.0.0.1:{port}; {lines} }}"
        text = f"http {{ server {{ listen 443 ssl; {block} }} }}"
        config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
        async with server:
            look.observations += [config, *named]
            for one in named:
                await page_websockets.named.work(look, one)
            await page_websockets.named_before.work(look, config)

    asyncio.run(work())
    assert len(look.observed(Upgrade)) == len(requests)
    return requests


def test_the_application_is_asked_once_where_nginx_passes_no_upgrade() -> None:
    assert asked("", NAMED, NAMED) == ["GET /ws HTTP/1.1"]


def test_nothing_is_asked_where_nginx_passes_it_on() -> None:
    assert asked(PASSING, NAMED) == []


def test_the_application_is_asked_where_nginx_speaks_http_1_0() -> None:
    assert asked(PASSING.replace("1.1;", "1.0;"), NAMED) == ["GET /ws HTTP/1.1"]


def test_nothing_is_asked_beside_a_path_of_the_user_or_out_of_scope() -> None:
    assert asked("", NAMED, target=CHAT) == []
    assert asked("", NAMED, skipped=("websocket",)) == []


def test_few_paths_are_tried() -> None:
    paths = [replace(NAMED, path=f"/ws{number}") for number in range(5)]
    assert len(asked("", *paths)) == page_websockets.MAX_PATHS
