"""The tools for agents: `diagnose mcp`, a server of the Model Context Protocol on stdin and stdout.

It has three tools, and all of them only read. Names and addresses are masked unless the person who
starts the server says otherwise. The SDK is an optional dependency and imported only when needed
(docs/adr/0037-tools-for-agents.md).
"""

import gc

from diagnose.agent.settings import ServerSettings
from diagnose.parsers.target import UsageError
from diagnose.processes.installation import extra_command

__all__ = ["ServerSettings", "serve"]

_MISSING_EXTRA = "The tools for agents need the MCP SDK: {command}"


def serve(settings: ServerSettings) -> int:
    """Serve the tools until stdin ends or a signal arrives. Return the exit status. Raise
    UsageError if the SDK is not installed."""
    try:
        from diagnose.agent.server import run
    except ModuleNotFoundError as missing:
        if (missing.name or "diagnose").partition(".")[0] == "diagnose":
            raise
        raise UsageError(_MISSING_EXTRA.format(command=extra_command("mcp"))) from None
    # The program disables it for a single run. A server makes many.
    gc.enable()
    return run(settings)
