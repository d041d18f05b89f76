"""The server behind a CDN is asked with the site's own name, on a real server."""

import asyncio
from typing import Any

from diagnose.machine.local import LocalMachine
from diagnose.model import Target
from diagnose.model.origin import OriginVisit
from diagnose.net.local import LocalNet
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.outside.origin import origin
from tests.support.fake_context import Looking


def visited(status: int = 200, **options: Any) -> tuple[list[OriginVisit], list[str]]:
    """The visits, and the header of each request, where the origin answers with this status."""
    ctx = Looking(LocalMachine())
    ctx.net, requests = LocalNet(), []
    ctx.options = Options(origin_address="127.0.0.1", **options)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ctx.target = Target("shop.example.com", "http", "shop.example.com", port, "/x")
        async with server:
            await origin.work(ctx)

    asyncio.run(work())
    return list(ctx.observed(OriginVisit)), requests


def test_it_is_asked_once_with_the_sites_own_name() -> None:
    (visit,), (request,) = visited()
    assert (visit.status, visit.connected, visit.address) == (200, True, "127.0.0.1")
    assert request.startswith("GET /x HTTP/1.1\r\n")
    assert f"Host: shop.example.com:{visit.port}\r\n" in request.title().replace(
        "Shop.Example.Com", "shop.example.com"
    )


def test_an_error_is_asked_for_again() -> None:
    visits, _ = visited(502)
    assert [(visit.status, visit.again) for visit in visits] == [(502, False), (502, True)]


def test_no_field_of_the_users_is_sent() -> None:
    secret = RequestFields(headers=(("Authorization", "Bearer secret"),), cookie="s=secret")
    (visit,), (request,) = visited(request=secret)
    assert visit.anonymous
    assert "secret" not in request


def test_it_is_left_out_with_the_layer() -> None:
    assert visited(skip=("http",)) == ([], [])


def test_a_refusal_is_what_is_observed() -> None:
    ctx = Looking(LocalMachine())
    ctx.net, ctx.options = LocalNet(), Options(origin_address="127.0.0.1")
    ctx.target = Target("shop.example.com", "https", "shop.example.com", 1)

    async def work() -> None:
        await origin.work(ctx)

    asyncio.run(work())
    first, again = ctx.observed(OriginVisit)
    assert first.failure
    assert (first.failure.kind, first.connected, again.again) == ("refused", False, True)
