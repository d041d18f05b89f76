"""The clipboard of the user's terminal, also over SSH and tmux.

OSC 52 asks the terminal to copy a text; the terminal does not confirm it. tmux forwards a wrapped
sequence (allow-passthrough) in which each ESC is doubled; screen does so without the doubling. With
its default settings tmux takes neither sequence from a program, but its command does the same.
"""

import asyncio
import base64
import contextlib
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping

#: The largest base64 text that xterm accepts; other terminals accept less.
MAX_ENCODED = 74_994

#: Puts a text into tmux' buffer, and by OSC 52 into the terminal that tmux is drawn on: -w, since
#: tmux 3.2 (tmux(1), load-buffer).
_TMUX = ("tmux", "load-buffer", "-w", "-")
_MAX_TMUX_S = 2.0


def osc52_sequence(text: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return what to write to the terminal; None if the text is too long."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(data) > MAX_ENCODED:
        return None
    osc52 = f"\x1b]52;c;{data}\x07"
    if environment.get("TMUX"):
        # The plain sequence is for tmux itself (set-clipboard).
        return f"{osc52}\x1bPtmux;{osc52.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        return f"\x1bP{osc52}\x1b\\"
    return osc52


async def load_tmux_buffer(text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Copy the text by tmux' own command, if we run in tmux. A tmux that fails is no error: nobody
    is told that the text was copied."""
    if not environment.get("TMUX"):
        return
    with contextlib.suppress(OSError):
        tmux = await asyncio.create_subprocess_exec(
            *_TMUX, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=environment
        )
        try:
            content = text.encode("utf-8", "replace")
            await asyncio.wait_for(tmux.communicate(content), _MAX_TMUX_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                tmux.kill()
