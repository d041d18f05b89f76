"""A TCP connection that sshd opens on the server, through the existing ssh connection."""

import asyncio
import contextlib
import os
import signal
import socket

from diagnose.machine.environment import environment
from diagnose.machine.local import os_failure
from diagnose.machine.remote_shell import ConnectionLost
from diagnose.model import Failure
from diagnose.net.local import TcpStream


class Tunnel(TcpStream):
    """Our end of a socket pair; the child process `ssh -W` holds the other end."""

    def __init__(
        self, process: asyncio.subprocess.Process, ours: socket.socket, peer: tuple[str, int]
    ) -> None:
        super().__init__(ours, peer)
        self._process = process

    @classmethod
    async def open(cls, words: list[str], address: str, port: int) -> "Tunnel":
        """Open a tunnel with this ssh command line. Raises ConnectionLost if ssh cannot start."""
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
        """Return why the tunnel could not be opened, or None while ssh still runs."""
        if self._process.returncode is None:
            return None
        assert self._process.stderr is not None
        stderr = (await self._process.stderr.read(4096)).decode(errors="replace")
        return Failure(
            "other", stderr.strip().splitlines()[-1] if stderr.strip() else "connection closed", 255
        )

    def close(self) -> None:
        super().close()
        # start_new_session: the process group contains only the child.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
