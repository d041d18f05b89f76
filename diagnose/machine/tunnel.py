"""A connection that sshd makes on the server, through the one that carries everything."""

import asyncio
import contextlib
import os
import signal
import socket

from diagnose.machine.environment import environment
from diagnose.machine.local import os_failure
from diagnose.machine.shell import ConnectionLost
from diagnose.model import Failure
from diagnose.net.local import TcpStream


class Tunnel(TcpStream):
    """One end of a pair of sockets, of which a child process of ours, ssh -W, holds the other."""

    def __init__(
        self, process: asyncio.subprocess.Process, ours: socket.socket, peer: tuple[str, int]
    ) -> None:
        super().__init__(ours, peer)
        self._process = process

    @classmethod
    async def open(cls, words: list[str], address: str, port: int) -> "Tunnel":
        """`words` log in over the connection that stands. Lost where ssh cannot be started."""
        endpoint = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                words[0],
                "-W",
                endpoint,
                *words[1:],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise ConnectionLost(os_failure(error)) from None
        finally:
            theirs.close()
        return cls(process, ours, (address, port))

    async def refusal(self) -> Failure | None:
        """Why it could not be opened; None where it has not ended."""
        if self._process.returncode is None:
            return None
        assert self._process.stderr is not None
        stderr = (await self._process.stderr.read(4096)).decode(errors="replace")
        return Failure(
            "other", stderr.strip().splitlines()[-1] if stderr.strip() else "closed", 255
        )

    def close(self) -> None:
        super().close()
        # Its own session: the child, and nothing else.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
