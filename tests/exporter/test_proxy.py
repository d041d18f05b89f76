"""Probes through the proxy of a module."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from diagnose.exporter.target_policy import parse_policy
from tests.support.exporter import exporter, http_module, run, write_config
from tests.support.scripted_site import answer, site


@contextlib.asynccontextmanager
async def tunnel_proxy(asked: list[str]) -> AsyncIterator[int]:
    """A proxy that opens tunnels to loopback (RFC 9110 section 9.3.6); its port."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            head = await reader.readuntil(b"\r\n\r\n")
            authority = head.split(b" ")[1].decode()
            asked.append(authority)
            there = await asyncio.open_connection("127.0.0.1", int(authority.rpartition(":")[2]))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "127.0.0.1"),
        ({"skip_resolve_phase_with_proxy": True}, "localhost"),
        ({"no_proxy": "localhost"}, None),
    ],
)
def test_the_proxy_makes_the_connection(
    tmp_path: Path, options: dict[str, object], host: str | None
) -> None:
    asked: list[str] = []

    async def work() -> Any:
        async with site({"/": answer()}) as serving, tunnel_proxy(asked) as port:
            proxy = f"http://127.0.0.1:{port}"
            file = write_config(tmp_path, http_module(proxy_url=proxy, **options))
            async with exporter(file, policy=parse_policy(["localhost"])) as serve:
                target = f"http://localhost:{serving.port}/"
                seen = await serve.probe(target)
                await serve.diagnosed(target)
                return serving.port, seen

    port, seen = run(work())
    assert seen.value("probe_success") == 1
    if host is None:
        assert asked == []
    else:
        assert f"{host}:{port}" in asked
