"""The door to a server: the only place that starts processes and reads the server's files.

`Machine` is what inside probes are given. Three doors are behind it: `local`, `ssh` (the
system's OpenSSH, nothing installed there and nothing left) and `recorded` (output of other
systems, for tests). What fails comes back as a value.
"""

from typing import Protocol

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net
from diagnose.parsers.linux.sockets import Socket as Socket

#: No more of any output or file is read than this (bytes).
LIMIT = 4 * 1024 * 1024


@frozen
class CommandResult:
    """A program that was run: `failure` where it could not be started, did not end in time
    or ended with another status than 0 ("missing", "denied", "timeout", "exit")."""

    argv: tuple[str, ...]
    status: int | None
    out: str
    err: str
    took: float
    failure: Failure | None = None


@frozen
class FileContent:
    """A file that was read, or the failure ("missing", "denied"). `changed` is its time of
    change in seconds since the epoch, `real` where its path leads if that is a link, else ""."""

    path: str
    text: str = ""
    changed: float | None = None
    failure: Failure | None = None
    real: str = ""


class Machine(Protocol):
    via: str

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        """Run a program, never through a shell, with LC_ALL=C and no standard input."""
        ...

    async def read(self, path: str, limit: int = LIMIT) -> FileContent: ...

    async def glob(self, pattern: str) -> tuple[str, ...]:
        """The paths that match, sorted (glob(7))."""
        ...

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        """The files that match, sorted by path, each read or the failure."""
        ...

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        """Every listening TCP socket."""
        ...

    async def connect(
        self, address: str, port: int, timeout: float = DEFAULT_TIMEOUT
    ) -> ConnectResult:
        """Open a TCP connection from the server to an address of its own."""
        ...


class ServerSideNet:
    """The network as the server has it: connections are made there, names resolved here."""

    def __init__(self, net: Net, machine: Machine) -> None:
        self._net, self._machine = net, machine
        self.resolve, self.ask, self.is_mine = net.resolve, net.ask, net.is_mine
        self.way_to = net.way_to

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        return await self._machine.connect(address, port, timeout)
