"""A page that is refused is asked for as a browser does, on real servers."""

import asyncio

import pytest

from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, FailureKind
from diagnose.model.http import Exchange
from diagnose.net.local import LocalNet
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes.outside.browser_requests import REPEATS, is_refusal, request_as_browser
from tests.support.fake_context import Looking


def asked(browser_status: int) -> tuple[list[Exchange], list[bytes]]:
    """What is recorded, and the requests that a server got which knows browsers by their name."""
    ctx = Looking(LocalMachine())
    ctx.net = LocalNet()
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        status = browser_status if b"Mozilla" in heads[-1] else 403
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"http://shop.example.com:{port}/"
        async with server:
            page = Exchange(url=url, address="127.0.0.1", port=port, status=403)
            await request_as_browser(ctx, page)

    asyncio.run(work())
    return list(ctx.observed(Exchange)), heads


def test_a_refusal_is_repeated_where_a_browser_is_served() -> None:
    pages, heads = asked(200)
    assert [page.purpose for page in pages] == ["browser", *["again"] * REPEATS]
    assert [page.status for page in pages] == [200, *[403] * REPEATS]
    assert b" diagnose/" in heads[0]
    assert b"Sec-Fetch-Mode: navigate" in heads[0]
    assert b"Mozilla" not in heads[1]
    assert "-H 'User-Agent: Mozilla/5.0" in pages[0].equivalent


def test_a_refusal_of_everybody_is_not_repeated() -> None:
    pages, _ = asked(403)
    assert [page.purpose for page in pages] == ["browser"]


@pytest.mark.parametrize(
    ("status", "kind", "refusal"),
    [(403, None, True), (406, None, True), (404, None, False), (500, None, False),
     (429, None, False), (None, "closed", True), (None, "reset", True), (None, "timeout", False)],
)  # fmt: skip
def test_only_a_refusal_is_asked_about(
    status: int | None, kind: FailureKind | None, refusal: bool
) -> None:
    failure = Failure(kind, "it failed") if kind else None
    page = Exchange(url="https://a/", address="192.0.2.1", port=443, status=status, failure=failure)
    assert is_refusal(Looking(LocalMachine()), page) is refusal


def test_the_users_own_agent_is_not_replaced() -> None:
    ctx = Looking(LocalMachine())
    ctx.options = ctx.options.__class__(
        request=RequestFields(headers=(("user-agent", "Monitor/1"),))
    )
    page = Exchange(url="https://a/", address="192.0.2.1", port=443, status=403)
    assert not is_refusal(ctx, page)
