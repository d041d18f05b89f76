"""An application that counts its visitors is asked for several of them, after a 429 only."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Symptom, Target
from diagnose.model.http import Exchange
from diagnose.model.requests import CountedRequest
from diagnose.net.local import LocalNet
from diagnose.probes.inside import upstream_bodies
from tests.probes.inside.test_upstream_requests import config
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=429)
COUNTING = replace(PAGE, status=200, headers=(("RateLimit-Remaining", "3"),))
TOLD = replace(SHOP, symptom=Symptom("status", "429 Too many requests", 429))


class Server(RecordedMachine):
    """Its curl asks from 127.0.0.2 and is served."""

    async def run(self, *argv: str, **_: object) -> CommandResult:
        assert argv[:3] == ("curl", "--interface", "127.0.0.2")
        out = "HTTP/1.1 200 OK\r\nRateLimit-Remaining: 7\r\n\r\n"
        return CommandResult(argv, 0, out, "", 0.1)


def asked(page: Exchange, target: Target = SHOP) -> tuple[list[str], tuple[CountedRequest, ...]]:
    ctx = Looking(Server())
    ctx.net, ctx.target = LocalNet(), target
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        left = f"RateLimit-Remaining: {5 - len(heads)}\r\nContent-Length: 0\r\n\r\n"
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\n" + left.encode())
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        fields = "proxy_set_header X-Forwarded-For $remote_addr;"
        seen = config(f"location / {{ proxy_pass http://127.0.0.1:{port}; {fields} }}")
        async with server:
            ctx.observations += [seen, page]
            await upstream_bodies.page_limited.work(ctx, page, seen)

    asyncio.run(work())
    return heads, ctx.observed(CountedRequest)


def test_nginx_then_three_visitors_then_a_peer() -> None:
    heads, requests = asked(PAGE)
    assert [each.asker for each in requests] == ["proxy", *["visitor"] * 3, "peer"]
    assert [each.remaining for each in requests] == [4, 3, 2, 1, 7]
    assert requests[0].fields == ("X-Forwarded-For",)
    assert "X-Forwarded-For: 127.0.0.1\r\n" in heads[0]
    for head, visitor in zip(heads[1:], requests[1:], strict=False):
        assert f"X-Forwarded-For: {visitor.source}\r\n" in head
    assert len({each.source for each in requests}) == 5
    assert requests[-1].status == 200


def test_an_answer_that_counts_is_enough_after_a_message() -> None:
    assert asked(COUNTING, TOLD)[1]


@pytest.mark.parametrize("page", [COUNTING, replace(PAGE, status=200), replace(PAGE, status=503)])
def test_a_healthy_site_is_asked_nothing(page: Exchange) -> None:
    assert asked(page) == ([], ())
