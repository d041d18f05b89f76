import asyncio

from diagnose.net.local import LocalNet
from diagnose.net.tracked import TrackedNet


async def _end_of_connection() -> bytes:
    """What a server reads of a connection that nobody has closed but the network."""
    data: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data.set_result(await reader.read())
        writer.close()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        net = TrackedNet(LocalNet())
        result = await net.connect("127.0.0.1", server.sockets[0].getsockname()[1])
        assert result.stream is not None
        net.close()
        return await asyncio.wait_for(data, 20)


def test_the_end_closes_what_is_open() -> None:
    assert asyncio.run(_end_of_connection()) == b""


def test_the_rest_is_the_networks_own() -> None:
    net = LocalNet()
    tracked = TrackedNet(net)
    assert tracked.is_mine("127.0.0.1")
    assert tracked.way_to("127.0.0.1").source == net.way_to("127.0.0.1").source
