"""The process behind a page: begun when the page comes, ended when it goes."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Any

from textual_serve.app_service import AppService

#: What Textual makes of the pipe. `diagnose.tui.usable` knows it by its last word.
DRIVER = "diagnose.web.driver:WebDriver"

#: How long a process may take to end by itself, in seconds.
STOP_TIMEOUT = 3.0

#: What describes the terminal in which the server was started.
_TERMINAL_VARIABLES = ("STY", "TERM_PROGRAM", "TEXTUAL_FPS", "TMUX")


def command(arguments: Sequence[str]) -> list[str]:
    """`diagnose` with these words. -P: what lies in the working directory is not imported."""
    return [sys.executable, "-P", "-m", "diagnose", *arguments]


def environment(
    width: int, height: int, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables of the process; the page's size in cells."""
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
    """A process that is surely gone when it was stopped, with all that it had started."""

    def __init__(self, argv: Sequence[str], **callbacks: Any) -> None:
        super().__init__(argv[0], **callbacks)
        self._argv = argv

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Without a shell, and in a session of its own: Ctrl-C in the server's terminal is for
        the server, and no program asks for a password there."""
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
        """Carry what the process writes, to its end, which is the end of the page as well."""
        await super().run()
        with contextlib.suppress(ConnectionError):
            await self.remote_close()

    async def on_data(self, payload: bytes) -> None:
        # Where nobody reads, go on: a process that cannot write does not end.
        with contextlib.suppress(ConnectionError):
            await super().on_data(payload)

    async def stop(self) -> None:
        """End the pipe, at which the process ends by itself; where it does not, end it."""
        if self._process is None or self._task is None:
            return
        self.stdin.close()
        exited = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait([exited], timeout=STOP_TIMEOUT)
        finally:
            if not exited.done():
                os.killpg(self._process.pid, signal.SIGKILL)
        # What it said last is still carried.
        await asyncio.wait([exited, self._task], timeout=STOP_TIMEOUT)
        self._task.cancel()
