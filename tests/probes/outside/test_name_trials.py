"""The trials against real servers on loopback, which react to a name."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace

from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Target
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake, NameTrials
from diagnose.net.local import LocalNet
from diagnose.probes.outside import name_trials as probes
from tests.support.fake_context import Looking

NAME = "shop.example.com"
RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
BLOCKED = b"HTTP/1.1 403 Forbidden\r\nServer: Beaver\r\nContent-Length: 25\r\n\r\n"
TITLE = b"Non-compliance ICP Filing"
OTHER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def filter_name(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset TLS for the name, and answer http in its place."""
    data = await reader.read(65536)
    if data.startswith(b"GET"):
        writer.write(BLOCKED + TITLE if NAME.encode() in data else OTHER)
    elif NAME.encode() in data:
        reset(writer)
    else:
        writer.write(ALERT)


async def reset_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    reset(writer)


def reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def tried(serve: Serve, *observations: Handshake | Exchange, scheme: str = "https") -> Looking:
    """A run in which these were seen at a server, and the trials that follow each."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await serve(reader, writer)
        writer.close()

    async def go() -> Looking:
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            run = Looking(LocalMachine())
            run.target, run.net = Target(NAME, scheme, NAME, port), LocalNet()
            placed = [run.emit(at_port(each, port)) for each in observations]
            for each in placed:
                await probes.try_names(run, each)
            return run

    return asyncio.run(go())


def at_port(seen: Handshake | Exchange, port: int) -> Handshake | Exchange:
    if isinstance(seen, Handshake):
        return replace(seen, port=port)
    return replace(seen, port=port, url=f"http://{NAME}:{port}/")


def was_reset() -> Handshake:
    return Handshake(address="127.0.0.1", port=443, server_name=NAME, failure=RESET)


def was_blocked() -> Exchange:
    fields = (("Server", "Beaver"),)
    return Exchange(
        url="", address="127.0.0.1", port=80, status=403, headers=fields, body=TITLE.decode()
    )


def counts(run: Looking) -> dict[tuple[str, str], tuple[int, int, int]]:
    return {
        (trial.protocol, trial.name): (trial.tries, trial.blocked, trial.answered)
        for trial in run.observed(NameTrials)
    }


def test_each_name_is_tried_several_times_in_both_versions() -> None:
    run = tried(filter_name, was_reset())
    assert counts(run) == {
        (version, name): (5, 5, 0) if name == "own" else (5, 0, 5)
        for version in ("TLSv1.2", "TLSv1.3")
        for name in ("own", "none", "other")
    }
    (own, none, other, *_) = run.observed(NameTrials)
    assert (own.sent, none.sent, other.sent) == (NAME, "", "diagnose.invalid")
    assert f"-servername {NAME} -tls1_2" in own.equivalent
    assert "-noservername" in none.equivalent


def test_the_controls_show_a_server_that_resets_everything() -> None:
    """Two of each are enough for that."""
    assert set(counts(tried(reset_all, was_reset())).values()) == {(2, 2, 0)}


def test_a_block_page_is_compared_by_host_as_well() -> None:
    seen = counts(tried(filter_name, was_blocked()))
    assert seen["HTTP", "own"] == (3, 3, 0)
    assert seen["HTTP", "none"] == seen["HTTP", "other"] == (3, 0, 3)
    assert seen["TLSv1.3", "own"] == (5, 5, 0)


def test_http_alone_is_asked_of_a_site_without_tls() -> None:
    assert len(counts(tried(filter_name, was_blocked(), scheme="http"))) == 3


def test_a_second_reset_and_page_start_nothing_more() -> None:
    assert len(counts(tried(filter_name, was_reset(), was_reset(), was_blocked()))) == 6


def test_a_timeout_and_an_ordinary_page_start_nothing() -> None:
    silent = Handshake(
        address="127.0.0.1", port=443, server_name=NAME, failure=Failure("timeout", "timed out")
    )
    ordinary = Exchange(url="", address="127.0.0.1", port=80, status=403, body="Forbidden")
    assert not counts(tried(filter_name, silent, ordinary))
