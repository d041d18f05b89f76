"""An agent: the SDK's client, and `diagnose mcp` as a program of its own."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.support.command_line import ENVIRONMENT, ROOT

Value = TypeVar("Value")


def with_agent(work: Callable[[Client], Awaitable[Value]], *words: str) -> Value:
    """Return what `work` returns, which has a connected client. `words` are the server's."""

    async def connected() -> Value:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "diagnose", "mcp", *words],
            env=ENVIRONMENT,
            cwd=ROOT,
        )
        async with Client(stdio_client(command)) as client:
            return await work(client)

    return asyncio.run(connected())


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """Return the JSON object that a tool returns. The text of the result holds the same."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    (text,) = result.content
    assert json.loads(text.text) == result.structured_content  # type: ignore[union-attr]
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    (text,) = result.content
    return text.text  # type: ignore[union-attr]
