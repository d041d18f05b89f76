"""`diagnose fix …`, while somebody else is at work on the same server: run inside a host.

    python -m tests.lab.meddling WORD SHELL WORDS …

Before the fix's own first command that has WORD among its arguments, SHELL is carried out.
"""

import asyncio
import sys
from typing import Any

from diagnose.cli import main as command
from diagnose.fixing.remote_files import RemoteFiles


def main() -> int:
    word, shell = sys.argv[1:3]
    run, left = RemoteFiles.run, [shell]

    async def meddled(self: RemoteFiles, argv: tuple[str, ...]) -> Any:
        if word in argv and left:
            done = await asyncio.create_subprocess_exec("sh", "-c", left.pop())
            assert await done.wait() == 0
        return await run(self, argv)

    setattr(RemoteFiles, "run", meddled)  # noqa: B010
    return command.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
