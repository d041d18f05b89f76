import asyncio
import socket

from diagnose.model.events import Event, Waiting
from diagnose.net import ConnectResult
from diagnose.net.local import LocalNet
from diagnose.net.waits import Waits, WatchedNet

FOREVER = 1e9


def test_a_wait_is_told_after_a_while_with_its_limit() -> None:
    waits = Waits(FOREVER)
    with waits.waiting("connection", "192.0.2.1", 443, 8.0):
        began = next(iter(waits._pending.values()))[3]
        assert waits.pending(began + 0.1) == ()
        (wait,) = waits.pending(began + 3.0)
    assert (wait.kind, wait.subject, wait.port) == ("connection", "192.0.2.1", 443)
    assert abs(wait.waited - 3.0) < 0.01
    assert abs(wait.limit - 8.0) < 0.01
    assert waits.pending(began + 3.0) == ()


def test_no_wait_is_longer_than_the_run() -> None:
    waits = Waits(0.0)
    with waits.waiting("name", "shop.example.com", 0, 10.0):
        (wait,) = waits.pending(FOREVER)
    assert wait.limit <= 0.0


async def _connect_and_read() -> tuple[ConnectResult, list[str], bytes]:
    """Read from a server that sends after a byte, and note what is waited for before."""
    waits = Waits(FOREVER)
    kinds: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        kinds.extend(wait.kind for wait in waits.pending(FOREVER))
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        net = WatchedNet(LocalNet(), waits)
        result = await net.connect("127.0.0.1", server.sockets[0].getsockname()[1])
        assert result.stream is not None
        reading = asyncio.ensure_future(result.stream.read())
        await asyncio.sleep(0)  # it reads before the server hears anything
        await result.stream.write(b"x")
        data = await reading
        result.stream.close()
    return result, kinds, data


def test_a_read_is_a_wait() -> None:
    result, kinds, data = asyncio.run(_connect_and_read())
    assert (kinds, data) == (["answer"], b"hello")
    assert result.stream is not None
    assert result.stream.peer[0] == "127.0.0.1"


async def _events_of(waits: Waits) -> list[Event]:
    """Return what is told of a wait that begins and ends."""
    events: list[Event] = []
    told = asyncio.Event()

    def sink(event: Event) -> None:
        events.append(event)
        told.set()

    with waits.telling(sink):
        with waits.waiting("query", "192.0.2.53", 53, 3.0):
            await asyncio.wait_for(told.wait(), 20)
        told.clear()
        await asyncio.wait_for(told.wait(), 20)
    return events


def test_what_is_waited_for_is_told_and_that_it_is_over() -> None:
    first, last = asyncio.run(_events_of(Waits(FOREVER)))
    assert isinstance(first, Waiting)
    assert first.waits[0].subject == "192.0.2.53"
    assert last == Waiting(())


def test_a_query_names_the_server_and_its_port() -> None:
    async def ask() -> str:
        waits, subjects = Waits(FOREVER), []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            port = silent.getsockname()[1]
            net = WatchedNet(LocalNet(), waits)
            asking = asyncio.ensure_future(net.ask(f"127.0.0.1#{port}", b"x" * 12))
            await asyncio.sleep(0)
            subjects = [(wait.subject, wait.port == port) for wait in waits.pending(FOREVER)]
            asking.cancel()
        return str(subjects)

    assert asyncio.run(ask()) == "[('127.0.0.1', True)]"
