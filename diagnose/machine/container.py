"""A server as one of its containers sees it: the files, the network and the names of the container.

Nothing of the container is run. The programs are the server's own: files are read through
/proc/PID/root by a script that the container cannot lead out of its root, and commands run in the
container's network namespace only. A container's own program is run by its engine alone
(`docker exec`), in the confinement that the engine gives it.
"""

import asyncio
import re
import secrets

from diagnose.machine import LIMIT, AcceptsInput, CommandResult, FileContent, Machine, Socket
from diagnose.machine.local import MAX_PATHS
from diagnose.machine.script_files import read_script
from diagnose.machine.ssh import parse_items
from diagnose.model import Failure
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.parsers.linux.sockets import listening_sockets

_PATHS, _FILES, _INPUT, _LOGS, _NETWORK = (
    read_script(__file__, f"container_{name}.sh")
    for name in ("paths", "files", "input", "logs", "network")
)

#: Maximum bytes of /etc/hosts and /etc/resolv.conf that are handed to a command.
MAX_NAMES = 16384

_NOTHING = Failure("other", "the server sent nothing of it")


class ContainerMachine:
    """The view from a container; `pid` is one of its processes, as the server counts them.

    `engine` and `name` are how its engine is asked about it, "" if no engine knows it.
    """

    via = "container"

    def __init__(self, server: Machine, pid: int, engine: str = "", name: str = "") -> None:
        self.server, self.pid, self.engine, self.name = server, pid, engine, name
        self._names: asyncio.Task[tuple[str, str]] | None = None

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        """Run a program of the server in the container's network, with the names it knows."""
        return await self.server.run(*await self._in_network(argv), timeout=timeout)

    async def run_with_input(self, text: str, *argv: str, timeout: float = 8.0) -> CommandResult:
        command = await self._in_network(argv)
        if isinstance(self.server, AcceptsInput):
            return await self.server.run_with_input(text, *command, timeout=timeout)
        failure = Failure("other", "the server's programs get no input")
        return CommandResult(command, None, "", failure.message, 0.0, failure)

    async def _in_network(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        if self._names is None:
            self._names = asyncio.get_running_loop().create_task(self._read_names())
        names = await asyncio.shield(self._names)
        return ("sh", "-c", _NETWORK, "sh", str(self.pid), *names, *argv)

    async def run_inside(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        """Run a program of the container by its engine, in the engine's confinement."""
        return await self.server.run(*self.words(), *argv, timeout=timeout)

    def words(self) -> tuple[str, ...]:
        """Return the words before a command that runs it in the container."""
        return entering_words(self.pid, self.engine, self.name)

    async def run_on_file(self, path: str, *argv: str) -> CommandResult:
        """Run a program of the server with a file of the container as its standard input."""
        script = f"pid={self.pid}\n{_PATHS}\n{_INPUT}"
        return await self.server.run("sh", "-c", script, "sh", path, *argv)

    async def run_on_paths(self, script: str, *argv: str) -> CommandResult:
        """Run a script of ours that resolves the paths among its arguments with `in_root`
        (container_paths.sh)."""
        return await self.server.run("sh", "-c", f"pid={self.pid}\n{_PATHS}\n{script}", "sh", *argv)

    async def read_logs(self, *paths: str) -> CommandResult:
        """Return the ends of these logs in the form of `error_logs.sh`; "stderr" stands for what
        the container writes to its output."""
        script = f"pid={self.pid}\n{_PATHS}\n{_LOGS}"
        return await self.server.run("sh", "-c", script, "sh", self.engine, self.name, *paths)

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        # A path is no pattern.
        pattern = re.sub(r"[*?\[]", "?", path)
        contents = await self._read_files(pattern, limit)
        failure = Failure("missing", "No such file or directory", 2) if pattern != path else None
        matching = (content for content in contents if content.path == path)
        return next(matching, FileContent(path, failure=failure or _NOTHING))

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        contents = await self._read_files(pattern, limit)
        return tuple(content for content in contents if not _is_missing(content))

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(content.path for content in await self.read_all(pattern, 1))

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        tables = (f"/proc/{self.pid}/net/tcp", f"/proc/{self.pid}/net/tcp6")
        result = await self.server.run("cat", *tables)
        return listening_sockets(result.out) if result.out else result.failure or _NOTHING

    async def connect(
        self, address: str, port: int, timeout: float = DEFAULT_TIMEOUT
    ) -> ConnectResult:
        failure = Failure("other", "a container's connections are made by commands only")
        return ConnectResult(0.0, failure=failure)

    async def _read_files(self, pattern: str, limit: int) -> tuple[FileContent, ...]:
        if "\n" in pattern or "\0" in pattern:
            return ()
        token = secrets.token_hex(16)
        script = f"pid={self.pid} token={token} limit={limit}\n{_PATHS}\n{_FILES}"
        result = await self.server.run("sh", "-c", script, "sh", pattern)
        items = parse_items(result.out, token)
        contents = items[0] if items else ()
        return tuple(sorted(contents, key=_path_of))[:MAX_PATHS]

    async def _read_names(self) -> tuple[str, str]:
        hosts, resolv = await asyncio.gather(
            *(self.read(path, MAX_NAMES) for path in ("/etc/hosts", "/etc/resolv.conf"))
        )
        return hosts.text, resolv.text


def entering_words(pid: int, engine: str, name: str) -> tuple[str, ...]:
    """Return the words before a command that run it in a container: docker-exec(1), nsenter(1)."""
    return (engine, "exec", name) if engine else ("nsenter", "-t", str(pid), "-a")


def _is_missing(content: FileContent) -> bool:
    return content.failure is not None and content.failure.kind == "missing"


def _path_of(content: FileContent) -> str:
    return content.path
