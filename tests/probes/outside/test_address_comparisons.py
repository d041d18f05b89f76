"""An address that fails and one that works are each asked again, on real servers."""

import asyncio

from diagnose.machine.local import LocalMachine
from diagnose.model.http import Exchange
from diagnose.net.local import LocalNet
from diagnose.probes.outside.address_comparisons import REPEATS, repeat_at_two_addresses
from tests.support.fake_context import Looking


def repeated(*statuses: int) -> list[Exchange]:
    """What is asked again where the addresses 127.0.0.1, .2, … answered with these statuses."""
    ctx = Looking(LocalMachine())
    ctx.net = LocalNet()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        number = int(writer.get_extra_info("sockname")[0].rpartition(".")[2])
        status = str(statuses[number - 1]).encode()
        writer.write(b"HTTP/1.1 " + status + b" X\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "0.0.0.0", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"http://shop.example.com:{port}/"
        pages = [
            Exchange(url=url, address=f"127.0.0.{number}", port=port, status=status)
            for number, status in enumerate(statuses, 1)
        ]
        async with server:
            await repeat_at_two_addresses(ctx, pages)

    asyncio.run(work())
    return list(ctx.observed(Exchange))


def test_both_are_asked_again() -> None:
    pages = repeated(200, 502)
    assert {page.purpose for page in pages} == {"again"}
    assert [page.status for page in pages].count(200) == REPEATS
    assert [page.status for page in pages].count(502) == REPEATS


def test_a_limit_is_not_met_again_at_once() -> None:
    assert not repeated(200, 503)


def test_a_third_address_asks_for_nothing_more() -> None:
    assert not repeated(200, 502, 200)
    assert not repeated(200, 502, 502)
    assert len(repeated(200, 200, 502)) == 2 * REPEATS
