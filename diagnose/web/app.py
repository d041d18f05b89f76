"""The process behind a page: it starts and ends with the page."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Any

from textual_serve.app_service import AppService

#: The driver class for Textual. `diagnose.tui.is_usable` recognizes its last part.
DRIVER = "diagnose.web.driver:WebDriver"

#: Seconds that a process has to end by itself.
STOP_TIMEOUT = 3.0

#: Variables that describe the terminal in which the server was started.
_TERMINAL_VARIABLES = ("STY", "TERM_PROGRAM", "TEXTUAL_FPS", "TMUX")


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command for `diagnose`. -P: do not import modules from the working directory."""
    return [sys.executable, "-P", "-m", "diagnose", *arguments]


def environment(
    width: int, height: int, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment of the process; width and height are the page's size in cells."""
    variables = {
        name: value for name, value in inherited.items() if name not in _TERMINAL_VARIABLES
    }
    return variables | {
        "TEXTUAL_DRIVER": DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM": "xterm-256color",
        "COLUMNS": str(width),
        "ROWS": str(height),
    }


class App(AppService):
    """A process that is guaranteed to end, with its children, when it is stopped."""

    def __init__(self, argv: Sequence[str], **callbacks: Any) -> None:
        super().__init__(argv[0], **callbacks)
        self._argv = argv

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the process without a shell, in its own session: Ctrl-C in the server's terminal
        does not reach it, and no program asks for a password in that terminal."""
        self._process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment(width, height),
            start_new_session=True,
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Forward the output of the process until it ends, then close the page."""
        await super().run()
        with contextlib.suppress(ConnectionError):
            await self.remote_close()

    async def on_data(self, payload: bytes) -> None:
        # Continue if the page is gone: a process that cannot write does not end.
        with contextlib.suppress(ConnectionError):
            await super().on_data(payload)

    async def stop(self) -> None:
        """Close the pipe, at which the process should end; if it does not, kill it."""
        if self._process is None or self._task is None:
            return
        self.stdin.close()
        exited = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait([exited], timeout=STOP_TIMEOUT)
        finally:
            if not exited.done():
                os.killpg(self._process.pid, signal.SIGKILL)
        # Forward its last output.
        await asyncio.wait([exited, self._task], timeout=STOP_TIMEOUT)
        self._task.cancel()
