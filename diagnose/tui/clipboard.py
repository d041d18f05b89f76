"""The clipboard of the terminal before which the person sits, over SSH and tmux.

OSC 52 asks the terminal to take a text; nothing answers whether it did. tmux passes on what is
wrapped (allow-passthrough), each ESC in it doubled; screen likewise, without the doubling.
"""

import base64
import os
from collections.abc import Mapping

#: xterm takes no more than this, counted as base64; others less still.
MAX_ENCODED = 74_994


def osc52_sequence(text: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """What to write to the terminal; None where the text is too long to be taken."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(data) > MAX_ENCODED:
        return None
    osc52 = f"\x1b]52;c;{data}\x07"
    if environment.get("TMUX"):
        # Also for tmux itself (set-clipboard), which hears the plain one alone.
        return f"{osc52}\x1bPtmux;{osc52.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        return f"\x1bP{osc52}\x1b\\"
    return osc52
