"""`diagnose fix …`, cut off at one of its steps: run inside a host.

    python -m tests.lab.cutting CUT SECONDS NUMBER WORDS …

NUMBER counts the steps of the fix. With "before" or "after" the process is killed before or after
that step (SIGKILL); with "ssh" the connection to the server is, after it; with "full" the disk of
this host is full from that step on. SECONDS is how long the server waits for a word of the fix.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from diagnose.cli import main as command
from diagnose.fixing import automatic_undo
from diagnose.fixing.remote_files import RemoteFiles


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def drop_connection() -> None:
    """Every ssh that this process has started ends."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    for child in (pid for task in tasks for pid in (task / "children").read_text().split()):
        if Path(f"/proc/{child}/comm").read_text().strip() == "ssh":
            os.kill(int(child), signal.SIGKILL)


def fill_disk() -> None:
    """All files of the host lie in one tmpfs (tests/lab/hosts.py)."""
    about = os.statvfs("/mnt")
    used = (about.f_blocks - about.f_bfree) * about.f_frsize
    subprocess.run(["mount", "-o", f"remount,size={max(used, 4096)}", "/mnt"], check=True)


CUTS: dict[str, tuple[bool, Callable[[], None]]] = {
    "before": (True, kill_self),
    "after": (False, kill_self),
    "ssh": (False, drop_connection),
    "full": (True, fill_disk),
}


def cut(step: Callable[..., Awaitable[Any]], left: list[int], name: str) -> Any:
    first, act = CUTS[name]

    async def done(*words: Any) -> Any:
        left[0] -= 1
        now = left[0] == -1
        if now and first:
            act()
        result = await step(*words)
        if now and not first:
            act()
        return result

    return done


def main() -> int:
    name, seconds, left = sys.argv[1], int(sys.argv[2]), [int(sys.argv[3])]
    setattr(automatic_undo, "DEADLINE", seconds)  # noqa: B010
    for method in ("run", "replace"):
        setattr(RemoteFiles, method, cut(getattr(RemoteFiles, method), left, name))
    return command.main(sys.argv[4:])


if __name__ == "__main__":
    sys.exit(main())
