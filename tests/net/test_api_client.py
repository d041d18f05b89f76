"""The client for APIs and metadata, against servers on loopback."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse
from diagnose.net import api_client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd: a\x1b[31m\r\n\r\nok"
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

AUTHORITY = trustme.CA()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


@contextlib.asynccontextmanager
async def server(
    answer: bytes | Conversation, name: str = ""
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each request so; with a name, over TLS. Yields its port, and the heads
    of the requests."""
    heads: list[bytes] = []
    tasks: list[asyncio.Task[Any]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        with contextlib.closing(writer), contextlib.suppress(EOFError, ConnectionError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)

    context = None
    if name:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(name).configure_cert(context)
    listening = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context)
    async with listening:
        try:
            yield listening.sockets[0].getsockname()[1], heads
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def ask(url: str) -> ApiResponse:
    async with api_client.api_client() as client:
        return await client.send(ApiRequest("POST", url, (("x-acs-action", "A"),)))


async def ask_metadata(url: str) -> ApiResponse:
    async with api_client.metadata_client() as client:
        return await client.send(ApiRequest("GET", url))


def kind(work: Callable[[], Awaitable[object]]) -> str:
    async def run() -> str:
        try:
            await work()
        except ApiError as error:
            return error.kind
        return "no error"

    return asyncio.run(run())


def test_an_answer_comes_with_its_fields_cleaned() -> None:
    async def work() -> tuple[ApiResponse, list[bytes]]:
        async with server(OK, "localhost") as (port, heads):
            return await ask(f"https://localhost:{port}/?a=b%20c"), heads

    response, (head,) = asyncio.run(work())
    assert (response.status, response.body) == (200, b"ok")
    assert "\x1b" not in response.header("x-odd")
    assert head.startswith(b"POST /?a=b%20c HTTP/1.1\r\n")
    assert b"x-acs-action: A" in head


def test_a_certificate_of_another_name_is_refused() -> None:
    async def work() -> None:
        async with server(OK, "other.example") as (port, _):
            await ask(f"https://localhost:{port}/")

    assert kind(work) == "unreachable"


def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"

    async def work() -> int:
        async with server(moved) as (port, _):
            return (await ask(f"http://127.0.0.1:{port}/")).status

    assert asyncio.run(work()) == 302


def test_an_answer_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "MAX_ANSWER", 100_000)

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def work() -> None:
        async with server(flood) as (port, _):
            await ask(f"http://127.0.0.1:{port}/")

    assert kind(work) == "invalid"


def test_no_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "API_TIMEOUT", 0.05)

    async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work() -> None:
        async with server(mute) as (port, _):
            await ask(f"http://127.0.0.1:{port}/")

    assert kind(work) == "timeout"


def test_an_answer_that_waits_for_us_is_no_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "METADATA_TIMEOUT", 0.1)

    async def answer_while_we_are_late(
        _: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(OK)
        be_late()

    def be_late() -> None:
        time.sleep(0.3)  # longer than the timeout; the answer is there all the time

    async def work() -> int:
        async with server(answer_while_we_are_late) as (port, _):
            return (await ask_metadata(f"http://127.0.0.1:{port}/")).status

    assert asyncio.run(work()) == 200


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_what_is_no_http_is_unreachable(answer: bytes) -> None:
    async def work() -> None:
        async with server(answer) as (port, _):
            await ask(f"http://127.0.0.1:{port}/")

    assert kind(work) == "unreachable"


def test_an_api_is_asked_by_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> list[bytes]:
        async with server(OK) as (port, heads):
            monkeypatch.setenv("HTTP_PROXY", f"http://user:canary@127.0.0.1:{port}")
            monkeypatch.setenv("http_proxy", f"http://user:canary@127.0.0.1:{port}")
            await ask("http://api.example/")
            return heads

    (head,) = asyncio.run(work())
    assert head.startswith(b"POST http://api.example/ ")


def test_metadata_is_asked_without_that_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> tuple[list[bytes], list[bytes]]:
        async with server(OK) as (port, heads), server(OK) as (proxy_port, proxy_heads):
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
            await ask_metadata(f"http://127.0.0.1:{port}/latest/")
            return heads, proxy_heads

    heads, proxy_heads = asyncio.run(work())
    assert len(heads) == 1
    assert proxy_heads == []


def test_metadata_is_asked_at_no_name() -> None:
    assert kind(lambda: ask_metadata("http://localhost:9/")) == "unreachable"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://x", "http://[bad"])
def test_a_proxy_that_cannot_be_used_is_no_crash(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("all_proxy", proxy)
    assert kind(lambda: ask("http://127.0.0.1:9/")) == "unreachable"
