"""`diagnose fix …`, killed at a step of its own: run inside a host.

    python -m tests.lab.dying NUMBER before|after WORDS …

NUMBER counts the commands by which a fix changes a server or notes what it does; the process
kills itself (SIGKILL) before or after that one.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from diagnose.cli import main as command
from diagnose.fixing.remote_files import RemoteFiles


def dying(work: Callable[..., Awaitable[Any]], left: list[int], after: bool) -> Any:
    async def worked(*words: Any) -> Any:
        left[0] -= 1
        if left[0] < 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = await work(*words)
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return worked


def main() -> int:
    left, after = [int(sys.argv[1])], sys.argv[2] == "after"
    for name in ("script", "run"):
        setattr(RemoteFiles, name, dying(getattr(RemoteFiles, name), left, after))
    return command.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
