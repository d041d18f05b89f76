"""An application that takes the connection, asked once the front door has failed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import upstream_connect
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GATEWAY = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=504)


def config(location: str) -> NginxConfig:
    text = f"http {{ server {{ listen 443; {location} }} }}"
    return NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))


def asked(serve: Serve, *, door_first: bool = True, door: Exchange = GATEWAY) -> list[UpstreamTry]:
    ctx = Looking(RecordedMachine())
    ctx.net = LocalNet()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        seen = config(f"location / {{ proxy_pass http://127.0.0.1:{port}; }}")
        async with server:
            ctx.observations += [door, seen] if door_first else [seen, door]
            if door_first:
                await upstream_connect.behind_a_door_broken_before.work(ctx, seen)
            else:
                await upstream_connect.behind_a_broken_door.work(ctx, door)

    asyncio.run(work())
    return [upstream_try for upstream_try in ctx.observed(UpstreamTry) if upstream_try.asked]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 500 Oh\r\n\r\n")
    writer.close()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x15\x03\x03\x00\x02\x02\x46\r\n")
    writer.close()


@pytest.mark.parametrize("door_first", [True, False])
def test_its_answer_is_seen_whichever_was_known_first(door_first: bool) -> None:
    (seen,) = asked(answer, door_first=door_first)
    assert (seen.status, seen.failure) == (500, None)


def test_that_it_hangs_up_is_seen() -> None:
    (seen,) = asked(hang_up)
    assert seen.failure
    assert seen.failure.kind == "closed"


def test_that_it_speaks_something_else_is_seen() -> None:
    (seen,) = asked(babble)
    assert seen.failure
    assert seen.failure.kind in {"protocol", "reset"}


def test_that_it_says_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(upstream_connect, "_time_left", lambda looking: 0.05)
    (seen,) = asked(hang)
    assert seen.failure
    assert seen.failure.kind == "timeout"


@pytest.mark.parametrize(("status", "patience"), [(504, 8.0), (502, 3.0)])
def test_a_response_that_nginx_gave_up_gets_more_time(status: int, patience: float) -> None:
    ctx = Looking(RecordedMachine())
    ctx.observations.append(replace(GATEWAY, status=status))
    assert upstream_connect._time_left(ctx) == patience


def test_nobody_asks_where_the_front_door_is_well() -> None:
    well = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
    assert not asked(answer, door=well)


def test_what_closes_a_plain_get_is_asked_for_a_websocket() -> None:
    """Once; an answer of any kind is enough not to ask."""
    upgrades: list[bool] = []

    async def hang_up_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        upgrades.append(b"upgrade: websocket" in head.lower())
        writer.close()

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upgrades.append(b"upgrade: websocket" in (await reader.readuntil(b"\r\n\r\n")).lower())
        writer.write(b"HTTP/1.1 500 Oh\r\n\r\n")
        writer.close()

    asked(hang_up_twice)
    assert sum(upgrades) == 1
    upgrades.clear()
    asked(answer_all)
    assert sum(upgrades) == 0
