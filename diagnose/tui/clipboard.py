"""The clipboard of the user's terminal, also over SSH and tmux.

OSC 52 asks the terminal to copy a text; the terminal does not confirm it. tmux forwards a wrapped
sequence (allow-passthrough) in which each ESC is doubled; screen does so without the doubling.
"""

import base64
import os
from collections.abc import Mapping

#: The largest base64 text that xterm accepts; other terminals accept less.
MAX_ENCODED = 74_994


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
