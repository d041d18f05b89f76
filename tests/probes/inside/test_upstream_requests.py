"""The application, asked for the page itself under several names, and how large its answer is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Observation, Target, Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Probe
from diagnose.probes.inside import upstream_requests
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOT_FOUND = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=404)
GATEWAY = replace(NOT_FOUND, status=502)
WITH_SOCKET = replace(SHOP, websockets=("/ws",))
REFUSED = Upgrade(
    vantage=Vantage.SERVER, url="ws://127.0.0.1/ws", path="/ws", address="127.0.0.1", port=3000,
    through="application", status=403,
)  # fmt: skip


def config(location: str) -> NginxConfig:
    text = f"http {{ server {{ listen 443; {location} }} }}"
    return NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))


def ask(probe: Probe, ctx: Looking, observation: Observation) -> None:
    async def work() -> None:
        needed = ctx.observed(probe.needs)[:1] if probe.needs else ()
        await probe.work(ctx, observation, *needed)

    asyncio.run(work())


def looked(
    serve: Serve, door: Exchange | Upgrade, lines: str = "", target: Target = SHOP
) -> Looking:
    """What is seen where the configuration was known before the front door's answer."""
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.target = LocalNet(), target

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        seen = config(f"location / {{ proxy_pass http://127.0.0.1:{port}; {lines} }}")
        async with server:
            ctx.observations += [seen, door]
            if isinstance(door, Upgrade):
                await upstream_requests.websocket_refused.work(ctx, door)
            else:
                await upstream_requests.page_refused.work(ctx, door, seen)

    asyncio.run(work())
    return ctx


async def by_host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Like an inner server that closes on names it does not know."""
    asked = (await reader.readuntil(b"\r\n\r\n")).decode()
    if "Host: shop.example.com\r\n" in asked:
        writer.write(b"HTTP/1.1 200 OK\r\nServer: inner\r\n\r\n<p>It works.")
    writer.close()


async def large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: " + b"x" * 9000 + b"\r\n\r\n")
    writer.close()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X: " + b"x" * 8000 + b"\r\n")
        await writer.drain()


async def own_address_alone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A program that serves requests for its own address alone."""
    asked = (await reader.readuntil(b"\r\n\r\n")).decode()
    if "Host: 127.0.0.1:" in asked:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n<p>It works.")
    else:
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\nForbidden: invalid Host header")
    writer.close()


def test_two_names_two_answers() -> None:
    passed, visitor = sorted(
        looked(by_host, NOT_FOUND).observed(Asked)[:2], key=lambda one: one.variant
    )
    assert (passed.variant, visitor.variant) == ("passed", "visitor")
    assert passed.failure
    assert passed.failure.kind == "closed"
    assert (visitor.status, visitor.body, visitor.failure) == (200, "<p>It works.", None)
    assert "Host: shop.example.com" in visitor.equivalent


def test_an_application_that_refuses_the_name_is_asked_for_its_address() -> None:
    """Where nginx passes the visitors' name on."""
    lines = "proxy_set_header Host $host;"
    seen = looked(own_address_alone, NOT_FOUND, lines).observed(Asked)
    assert [one.variant for one in seen] == ["passed", "address", "address", "passed"]
    assert [one.status for one in seen] == [403, 200, 200, 403]
    assert seen[1].sent.startswith("127.0.0.1:")


def test_a_name_that_helps_is_asked_for_again() -> None:
    seen = looked(by_host, NOT_FOUND).observed(Asked)
    assert [one.variant for one in seen[2:]] == ["visitor", "passed"]
    assert [asked.variant for asked in looked(large, GATEWAY).observed(Asked)] == [
        "passed",
        "visitor",
    ]


def test_one_name_is_asked_for_once() -> None:
    (passed,) = looked(by_host, GATEWAY, "proxy_set_header Host $host;").observed(Asked)
    assert (passed.sent, passed.status) == ("shop.example.com", 200)


def test_the_head_is_measured() -> None:
    passed = looked(large, GATEWAY).observed(Asked)[0]
    assert passed.head == 9033
    assert passed.largest[0] == ("Set-Cookie", 9014)


def test_a_head_without_end_is_left_off() -> None:
    passed = looked(endless, GATEWAY).observed(Asked)[0]
    assert (passed.status, passed.head) == (200, 0)


@pytest.mark.parametrize("status", [200, 302, 500, 504])
def test_nothing_is_asked_where_the_answer_tells_enough(status: int) -> None:
    assert not looked(by_host, replace(NOT_FOUND, status=status)).observed(Asked)


def test_nothing_is_asked_twice_or_of_another_port() -> None:
    assert not looked(by_host, replace(NOT_FOUND, port=80)).observed(Asked)
    ctx = looked(by_host, NOT_FOUND)
    before, again = len(ctx.observed(Asked)), replace(NOT_FOUND, address="2001:db8::1")
    ctx.observations.append(again)
    ask(upstream_requests.page_refused, ctx, again)
    assert len(ctx.observed(Asked)) == before


async def websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = (await reader.readuntil(b"\r\n\r\n")).decode()
    known = "Host: shop.example.com\r\n" in asked and "Origin: https://shop.example.com" in asked
    writer.write(b"HTTP/1.1 %d Well\r\nContent-Length: 0\r\n\r\n" % (418 if known else 403))
    writer.close()


def test_a_websocket_is_asked_for_by_the_visitors_name() -> None:
    seen = looked(websocket, REFUSED, target=WITH_SOCKET).observed(Upgrade)[-1]
    assert (seen.variant, seen.through, seen.status) == ("visitor-host", "application", 418)


def test_a_websocket_that_gets_the_visitors_name_is_not_asked_for_again() -> None:
    ctx = looked(websocket, REFUSED, "proxy_set_header Host $host;", WITH_SOCKET)
    assert ctx.observed(Upgrade) == (REFUSED,)
    assert looked(websocket, REFUSED).observed(Upgrade) == (REFUSED,)  # nobody asked about it


class Distant(RecordedMachine):
    """A server behind SSH whose curl knows one name."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        if "Host: shop.example.com" in argv:
            return CommandResult(argv, 0, "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello", "", 0.1)
        return CommandResult(argv, 52, "", "curl: (52) Empty reply from server", 0.1)


def test_the_same_by_the_servers_own_curl() -> None:
    ctx = Looking(Distant(via="ssh://203.0.113.10"))
    seen = config("location / { proxy_pass http://127.0.0.1:3000; }")
    ctx.observations += [seen, GATEWAY]
    ask(upstream_requests.page_refused, ctx, GATEWAY)
    passed, visitor = ctx.observed(Asked)[:2]
    assert passed.failure
    assert (passed.failure.kind, visitor.status, visitor.head) == ("closed", 200, 30)


async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    await writer.drain()
    writer.close()


def test_an_application_whose_stream_came_late_is_asked_once() -> None:
    late = replace(
        NOT_FOUND, status=200, took=4.0, headers=(("Content-Type", "text/event-stream"),)
    )
    (asked,) = looked(stream, late).observed(Asked)
    assert (asked.variant, asked.status) == ("passed", 200)
    assert not looked(stream, replace(late, took=0.3)).observed(Asked)
    assert not looked(stream, replace(late, headers=())).observed(Asked)
