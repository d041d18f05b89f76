"""Access to a server: only this package starts processes and reads the server's files.

Inside probes receive a `Machine`. There are three implementations: `local`, `ssh` (the system's
OpenSSH; it installs nothing and leaves nothing on the server) and `container` (what one of the
server's containers sees). Failures are returned as values.
"""

from typing import Protocol, runtime_checkable

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net
from diagnose.parsers.linux.sockets import Socket as Socket

#: Maximum bytes read of any output or file.
LIMIT = 4 * 1024 * 1024


@frozen
class CommandResult:
    """The result of a program.

    `took` is in seconds. `failure` is set if the program could not be started, did not end in
    time, or exited with a status other than 0 ("missing", "denied", "timeout", "exit").
    """

    argv: tuple[str, ...]
    status: int | None
    out: str
    err: str
    took: float
    failure: Failure | None = None


@frozen
class FileContent:
    """The text of a file, or the failure ("missing", "denied").

    `changed` is the modification time in seconds since the epoch. `real` is the resolved path if
    the file is a symbolic link, else "".
    """

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
        """Return the paths that match, sorted (glob(7))."""
        ...

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        """Return the matching files, sorted by path; each has its text or a failure."""
        ...

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        """Return every listening TCP socket."""
        ...

    async def connect(
        self, address: str, port: int, timeout: float = DEFAULT_TIMEOUT
    ) -> ConnectResult:
        """Open a TCP connection from the server to one of its own addresses."""
        ...


@runtime_checkable
class AcceptsInput(Protocol):
    """A machine whose programs can read from us what nobody else may see: the arguments of a
    program are in the list of processes, which every user of the server can read (ps(1))."""

    async def run_with_input(self, text: str, *argv: str, timeout: float = 8.0) -> CommandResult:
        """Run a program as `Machine.run` does, with `text` as its standard input."""
        ...


@runtime_checkable
class HasOwnRoot(Protocol):
    """A machine whose paths are not those of the programs that `Machine.run` runs: a container."""

    async def run_on_paths(self, script: str, *argv: str) -> CommandResult:
        """Run a script that finds each path by the function `in_root` (container_paths.sh)."""
        ...


class ServerSideNet:
    """A `Net` whose connections are made on the server; names are resolved on this machine."""

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
