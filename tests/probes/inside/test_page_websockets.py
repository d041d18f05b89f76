"""A WebSocket that the page names, tried at the application where nginx may not pass it on."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model import Target
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import WebSocketPath
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options, ProbeContext
from diagnose.probes.inside import page_websockets
from tests.support.check_evidence import CHAT, SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

NAMED = WebSocketPath(source="https://shop.example.com/app.js", path="/ws")
PASSING = (
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
    " proxy_set_header Connection upgrade;"
)


def ask_named(
    lines: str,
    *named: WebSocketPath,
    target: Target = SHOP,
    skipped: tuple[str, ...] = (),
    status: str = "400 Bad Request",
    outside: bool = True,
    location: str = "/",
    uri: str = "",
    before: tuple[Upgrade, ...] = (),
) -> list[str]:
    """The request lines that the application gets, with the Origin behind them, if there is one."""
    looking, requests = Looking(RecordedMachine()), list[str]()
    looking.net, looking.target = LocalNet(), target
    looking.options = replace(Options(), skip=skipped, outside=outside)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        origins = [field for field in fields if field.lower().startswith("origin:")]
        requests.append(" ".join((line, *origins)))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        block = f"location {location} {{ proxy_pass http://127.0.0.1:{port}{uri}; {lines} }}"
        text = f"http {{ server {{ listen 443 ssl; {block} }} }}"
        config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
        async with server:
            looking.observations += [config, *before, *named]
            for one in named:
                await page_websockets.named.work(looking, one, config)

    asyncio.run(work())
    assert len(looking.observed(Upgrade)) == len(requests) + len(before)
    return requests


def test_the_application_is_asked_once_where_nginx_passes_no_upgrade() -> None:
    assert ask_named("", NAMED, NAMED) == ["GET /ws HTTP/1.1 Origin: https://shop.example.com"]


def test_the_application_is_asked_although_the_site_has_refused_it() -> None:
    """A known application's WebSocket is tried at the site as soon as the page came."""
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=426
    )
    assert len(ask_named("", NAMED, before=(refused,))) == 1
    assert ask_named("", NAMED, before=(replace(refused, accepted=True),)) == []


def test_the_application_is_asked_although_the_site_has_opened_it_and_closed_it_at_once() -> None:
    """A policy that was violated (1008), or a connection that died: not only a refusal needs the
    application's own answer, and the page may be read before nginx's files or after them."""
    opened = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=101,
        accepted=True,
    )  # fmt: skip
    closed = replace(opened, ended="close", close_code=1008)
    for before in (closed, replace(opened, ended="eof", close_code=1006)):
        assert len(ask_named(PASSING, NAMED, before=(before,))) >= 1
    assert ask_named(PASSING, NAMED, before=(replace(closed, close_code=1000),)) == []


def test_the_origin_is_tried_where_nginx_passes_it_on() -> None:
    """What is refused without an Origin too, and with that of the application's own address, says
    nothing: no request to the site follows."""
    with_origin = "GET /ws HTTP/1.1 Origin: https://shop.example.com"
    *both, last = ask_named(PASSING, NAMED, status="403 Forbidden")
    assert both == [with_origin, "GET /ws HTTP/1.1"]
    assert last.startswith("GET /ws HTTP/1.1 Origin: http://localhost:")
    assert ask_named(PASSING, NAMED, status="401 Unauthorized") == [with_origin]
    assert ask_named(PASSING, NAMED, outside=False) == []


def test_the_path_without_the_prefix_of_its_location_is_tried() -> None:
    """Only where the application does not know the path."""
    paths = [line.split()[1] for line in ask_named(PASSING, NAMED, status="404 X", location="/ws")]
    assert paths == ["/ws", "/ws", "/", "/ws"]
    paths = [line.split()[1] for line in ask_named(PASSING, NAMED, status="403 X", location="/ws")]
    assert paths == ["/ws", "/ws", "/ws"]


def test_the_visitors_path_is_tried_where_nginx_makes_another() -> None:
    """Only where the application does not know nginx's path."""
    lines = ask_named(PASSING, NAMED, status="404 X", location="/ws", uri="/live")
    assert [line.split()[1] for line in lines] == ["/live", "/live", "/ws", "/live"]
    lines = ask_named(PASSING, NAMED, status="403 X", location="/ws", uri="/live")
    assert [line.split()[1] for line in lines] == ["/live", "/live", "/live"]


def test_the_application_is_asked_where_nginx_speaks_http_1_0() -> None:
    asked_once = ["GET /ws HTTP/1.1 Origin: https://shop.example.com"]
    assert ask_named(PASSING.replace("1.1;", "1.0;"), NAMED) == asked_once


def test_nothing_is_asked_beside_a_path_of_the_user_or_out_of_scope() -> None:
    assert ask_named("", NAMED, target=CHAT) == []
    assert ask_named("", NAMED, skipped=("websocket",)) == []


def test_few_paths_are_tried() -> None:
    paths = [replace(NAMED, path=f"/ws{number}") for number in range(5)]
    assert len(ask_named("", *paths)) == page_websockets.MAX_PATHS


def test_a_path_of_the_access_log_is_tried_like_one_of_the_page() -> None:
    """It has a budget of its own: what the page names may have used up the other."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1])
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def work() -> None:
        looking = Looking(RecordedMachine())
        looking.net, looking.target = LocalNet(), SHOP
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        block = f"location / {{ proxy_pass http://127.0.0.1:{port}; }}"
        text = f"http {{ server {{ listen 443 ssl; {block} }} }}"
        config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
        async with server:
            looking.observations.append(config)
            for number in range(3):
                named = replace(NAMED, path=f"/ws{number}")
                await page_websockets.named.work(looking, named, config)
            for path in ("/ws0", "/rest/push"):
                await page_websockets.try_logged(looking, config, path)

    asyncio.run(work())
    assert asked == ["/ws0", "/ws1", "/rest/push"]


def test_the_application_is_asked_also_where_the_site_accepts_another_origin() -> None:
    named = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443,
        variant="no-origin", status=101, accepted=True,
    )  # fmt: skip
    assert len(ask_named("", NAMED, before=(named,))) == 1
    assert ask_named("", NAMED, before=(replace(named, variant="normal"),)) == []


@pytest.mark.parametrize(
    ("answers", "is_tried"),
    [
        # A login at the visitor's path, and nothing at nginx's.
        ({"/live": "404 Not Found", "/ws": "401 Unauthorized"}, True),
        # It wants a login everywhere.
        ({"/live": "401 Unauthorized", "/ws": "401 Unauthorized"}, False),
        ({"/live": "404 Not Found", "/ws": "404 Not Found"}, False),
    ],
)
def test_the_site_is_tried_where_the_visitors_path_wants_a_login(
    answers: dict[str, str], is_tried: bool
) -> None:
    """Jellyfin without its key: issue 417 of jellyfin-docs."""
    tried: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
        writer.write(f"HTTP/1.1 {answers[path]}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def remember(_: ProbeContext, path: str) -> None:
        tried.append(path)

    async def work() -> None:
        looking = Looking(RecordedMachine())
        looking.net, looking.target = LocalNet(), SHOP
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        passed = f"proxy_pass http://127.0.0.1:{port}/live; {PASSING}"
        text = f"http {{ server {{ listen 443 ssl; location /ws {{ {passed} }} }} }}"
        config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
        async with server:
            looking.observations.append(config)
            await page_websockets.named.work(looking, NAMED, config)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_websockets, "try_unkept_path", remember)
        asyncio.run(work())
    assert tried == (["/ws"] if is_tried else [])


def try_kept(*statuses: int, path: str = "/chat-ws") -> list[str]:
    """The paths at which the site is tried when the application has accepted /chat-ws without it,
    and the user named an address that gives these statuses."""
    looking, tried = Looking(RecordedMachine()), list[str]()
    looking.target = replace(SHOP, path=path)
    looking.observations += [
        Exchange(
            url=f"https://shop.example.com{path}", address="203.0.113.10", port=443, status=status
        )
        for status in statuses
    ]

    async def remember(_: ProbeContext, path: str) -> None:
        tried.append(path)

    upgrade = Upgrade(
        url="ws://127.0.0.1:3001/", path="/chat-ws", address="127.0.0.1", port=3001, status=101,
        accepted=True, variant="bare-path", through="application",
    )  # fmt: skip

    async def work() -> None:
        await page_websockets.accepted_bare.work(looking, upgrade)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_websockets, "try_named_path", remember)
        asyncio.run(work())
    return tried


def test_the_users_address_is_tried_where_the_site_has_no_page_at_it() -> None:
    """Issue 89 of YeautyYE/netty-websocket-spring-boot-starter."""
    assert try_kept(404) == ["/chat-ws"]
    assert try_kept(426, 400) == ["/chat-ws"]


def test_the_users_address_is_not_tried_where_it_is_a_page_or_unknown() -> None:
    assert try_kept(200) == []
    assert try_kept(404, 200) == []
    assert try_kept() == []
    assert try_kept(404, path="/") == []


@pytest.mark.parametrize(
    ("library", "method", "expected"),
    [("Socket.IO", "", ["/ws"]), ("Socket.IO", "ip_hash;", []), ("", "", [])],
)
def test_sessions_are_opened_where_servers_take_turns(
    monkeypatch: pytest.MonkeyPatch, library: str, method: str, expected: list[str]
) -> None:
    tried: list[str] = []

    async def try_sessions(_: ProbeContext, path: str) -> None:
        tried.append(path)

    monkeypatch.setattr(page_websockets, "try_sessions", try_sessions)
    looking = Looking(RecordedMachine())
    looking.net, looking.target = LocalNet(), SHOP
    group = f"upstream chat {{ {method} server 127.0.0.1:1; server 127.0.0.1:2; }}"
    block = f"location / {{ proxy_pass http://chat; {PASSING} }}"
    text = f"http {{ {group} server {{ listen 443 ssl; {block} }} }}"
    config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
    looking.observations.append(config)
    named = replace(NAMED, library=library)

    async def work() -> None:
        await page_websockets.named.work(looking, named, config)

    asyncio.run(work())
    assert tried == expected
