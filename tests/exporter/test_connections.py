"""Connections without a request, against a server on loopback."""

import asyncio
import resource

import pytest
from aiohttp import web

from diagnose.exporter.connections import MAX_WAITING, ConnectionLimit, affordable_connections


def test_what_waits_longest_without_a_request_makes_place() -> None:
    async def work() -> tuple[bytes, bytes]:
        asked_at_all, answering = asyncio.Event(), asyncio.Event()

        async def slow(_: web.Request) -> web.Response:
            asked_at_all.set()
            await answering.wait()
            return web.Response(text="late")

        limit = ConnectionLimit(3)
        application = web.Application(middlewares=[limit.middleware])
        application.router.add_get("/", slow)
        runner = web.AppRunner(application)
        await runner.setup()
        assert runner.server is not None
        limit.apply(runner.server)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        asked, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await asked_at_all.wait()
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        first = await silent[0][0].read()
        answering.set()
        answer = await asked.read()
        for _, other in (*silent, (asked, writer)):
            other.close()
        await runner.cleanup()
        return first, answer

    first, answer = asyncio.run(work())
    assert first == b""
    assert answer.endswith(b"late")


@pytest.mark.parametrize(
    ("soft", "hard", "waiting"),
    [
        (1024, 524288, MAX_WAITING),
        (1024, 1024, 256),
        (256, 256, 64),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, MAX_WAITING),
    ],
)
def test_few_file_descriptors_are_fewer_connections(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, waiting: int
) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: raised.append(pair))
    assert affordable_connections(200) == waiting
    assert all(pair[0] <= hard for pair in raised)
