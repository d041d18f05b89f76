"""The server of the browser view, with a process that says one word in place of `diagnose`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
from aiohttp import web

from diagnose.web.server import ScreenServer

SECRET = "s3cret-of-this-run"

#: In place of `diagnose`: it says one word and reads to the end.
_HELLO = r"""
import sys
sys.stdout.buffer.write(b"__GANGLION__\nD\x00\x00\x00\x05hello")
sys.stdout.flush()
sys.stdin.buffer.read()
"""


class Serving(NamedTuple):
    port: int
    client: httpx.AsyncClient

    async def get(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.get(f"http://127.0.0.1:{self.port}{path}", headers=fields)


@asynccontextmanager
async def _serving(lang: str) -> AsyncIterator[Serving]:
    screens = ScreenServer([sys.executable, "-c", _HELLO], "<shop>", SECRET, lang)
    runner = web.AppRunner(await screens._make_app(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with httpx.AsyncClient() as client:
            yield Serving(runner.addresses[0][1], client)
    finally:
        await runner.cleanup()


def served(work: Callable[[Serving], Awaitable[None]], lang: str = "en") -> None:
    async def run() -> None:
        async with asyncio.timeout(60), _serving(lang) as serving:
            await work(serving)

    asyncio.run(run())


HOST, PAGE = "127.0.0.1:8043", f"/{SECRET}/"
