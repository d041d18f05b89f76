"""A server reached through the system's OpenSSH.

The user's ssh configuration, agent, jump hosts and known_hosts apply; ssh never asks for a
password.

One connection carries everything (ssh_config(5), ControlMaster). It holds a few shells, because
each login costs several round trips and runs the user's start-up files. The ssh processes are
children of this program and live as long as the pipes to them are open: however this program
ends, they and the connection end too. Nothing is installed or written on the server; it needs
only sh, cat, stat, and one of ss, netstat or /proc/net/tcp.
"""

import asyncio
import contextlib
import os
import re
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Coroutine
from types import TracebackType
from urllib.parse import urlsplit

from diagnose.machine import LIMIT, CommandResult, FileContent, Socket
from diagnose.machine.local import MAX_PATHS, exit_failure
from diagnose.machine.remote_shell import LOGIN_TIMEOUT, ConnectionLost, NotSent, Shell
from diagnose.machine.script_files import read_script
from diagnose.machine.tunnel import Tunnel
from diagnose.model import Failure
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.parsers.linux.sockets import listening_sockets

#: Number of shells, so of concurrent commands. By default sshd allows ten sessions per connection
#: (sshd_config(5), MaxSessions).
SHELLS = 4

_OPTIONS = (
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    f"ConnectTimeout={LOGIN_TIMEOUT:.0f}",
)
_LISTENERS = (
    "ss -ltnpe 2>/dev/null || netstat -ltnp 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6"
)
_SYN_SENT = read_script(__file__, "syn_sent.sh")
_READ_FILES = read_script(__file__, "read_files.sh")
_FILE_FAILURES = {
    "missing": Failure("missing", "No such file or directory", 2),
    "denied": Failure("denied", "Permission denied", 13),
    "special": Failure("other", "not a regular file"),
}


class SshMachine:
    """A machine at `ssh://[user@]host[:port]`. Raises ValueError for any other URL.

    The connection is opened at first use; `close`, or leaving `async with`, ends it. If it cannot
    be opened, every operation returns that failure.
    """

    def __init__(self, url: str, options: tuple[str, ...] = ()) -> None:
        self.via = url
        self._destination = destination(url)
        self._extra_options = options
        self._options = (*_OPTIONS, *options)
        self._directory = ""
        self._failure: Failure | None = None
        self._open_lock = asyncio.Lock()
        self._shells: list[Shell] = []
        self._requests: dict[tuple[str, int], asyncio.Future[tuple[FileContent, ...]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SshMachine":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def new_connection(self) -> "SshMachine":
        """Return the same server with a separate connection, which is not open yet."""
        return SshMachine(self.via, self._extra_options)

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        return await self._run_command(argv, timeout)

    async def run_with_input(self, text: str, *argv: str, timeout: float = 8.0) -> CommandResult:
        return await self._run_command(argv, timeout, text)

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        return (await self._read_files(shlex.quote(path), limit))[0]

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        patterns = shell_patterns(pattern)
        contents = await self._read_files(patterns, limit) if patterns else ()
        return tuple(
            sorted((content for content in contents if not _is_missing(content)), key=_path_of)
        )

    async def glob(self, pattern: str) -> tuple[str, ...]:
        patterns = shell_patterns(pattern)
        if not patterns:
            return ()
        script = f'for f in {patterns}; do [ -e "$f" ] && printf "%s\\0" "$f"; done; :'
        result = await self._run_command(("sh", "-c", script), 8.0)
        return tuple(sorted(set(filter(None, result.out.split("\0")))))[:MAX_PATHS]

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        result = await self._run_command(("sh", "-c", _LISTENERS), 8.0)
        return result.failure or listening_sockets(result.out)

    async def connect(
        self, address: str, port: int, timeout: float = DEFAULT_TIMEOUT
    ) -> ConnectResult:
        """Connect through the existing ssh connection (ssh(1), -W).

        ssh prints nothing on success and exits on failure. If it still runs one round trip later,
        the connection is open, unless the server's SYN still has no answer.
        """
        started = time.monotonic()
        try:
            await self._shell()
            tunnel = await Tunnel.open(self._ssh("ControlMaster=no"), address, port)
        except ConnectionLost as error:
            return ConnectResult(time.monotonic() - started, failure=error.failure)
        syn_sent = await self.run("sh", "-c", _SYN_SENT, "sh", address, str(port), timeout=timeout)
        failure = await tunnel.refusal()
        if syn_sent.out.strip():
            failure = Failure("timeout", "timed out")
        if failure is not None:
            tunnel.close()
            return ConnectResult(time.monotonic() - started, failure=failure)
        return ConnectResult(time.monotonic() - started, tunnel)

    async def close(self) -> None:
        """End the connection and remove its local files. May be called again."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shells, self._shells = self._shells, []
        # The first shell carries the others, so it is closed last.
        await asyncio.gather(*(shell.close() for shell in shells[1:]))
        for shell in shells[:1]:
            await shell.close()
        if self._directory:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
        self._directory = ""

    async def _run_command(
        self, argv: tuple[str, ...], timeout: float, text: str = ""
    ) -> CommandResult:
        started = time.monotonic()
        try:
            status, out, err = await self._run_in_shell(argv, timeout, text)
        except ConnectionLost as error:
            took = time.monotonic() - started
            return CommandResult(argv, None, "", error.failure.message, took, error.failure)
        took = time.monotonic() - started
        return CommandResult(argv, status, out, err, took, _failure(argv[0], status, err))

    async def _run_in_shell(
        self, argv: tuple[str, ...], timeout: float, text: str = ""
    ) -> tuple[int, str, str]:
        """Run a command, and try another shell if one ended because of another command.

        Trying again is safe: the commands only read.
        """
        for _ in range(SHELLS):
            shell = await self._shell()
            try:
                return await shell.run(argv, timeout, text)
            except NotSent:
                continue
        raise ConnectionLost(Failure("closed", "the connection to the server was lost"))

    async def _shell(self) -> Shell:
        """Return the least busy shell. Raises ConnectionLost if the login fails."""
        async with self._open_lock:
            if self._failure is not None:
                raise ConnectionLost(self._failure)
            if not self._shells:
                await self._log_in()
            shells = [shell for shell in self._shells if shell.alive]
            if not shells:
                shells = [await self._open_shell()]
        return min(shells, key=lambda shell: shell.pending_count)

    async def _log_in(self) -> None:
        self._directory = self._directory or _private_directory()
        try:
            self._add_shell(await Shell.open(self._ssh("ControlMaster=yes"), self._control_path))
        except ConnectionLost as error:
            self._failure = error.failure
            raise
        for _ in range(SHELLS - 1):
            self._start_task(self._try_open_shell())

    async def _try_open_shell(self) -> None:
        # The server may allow fewer sessions (sshd_config(5), MaxSessions).
        with contextlib.suppress(ConnectionLost):
            await self._open_shell()

    async def _open_shell(self) -> Shell:
        return self._add_shell(await Shell.open(self._ssh("ControlMaster=no"), self._control_path))

    def _start_task(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _add_shell(self, shell: Shell) -> Shell:
        self._shells.append(shell)
        return shell

    @property
    def _control_path(self) -> str:
        return f"{self._directory}/c"

    def _ssh(self, control_option: str) -> list[str]:
        options = (
            *self._options,
            f"ControlPath={self._control_path}",
            control_option,
            "ControlPersist=no",
        )
        return [
            "ssh",
            "-T",
            *(argument for option in options for argument in ("-o", option)),
            *self._destination,
        ]

    # Files.

    async def _read_files(self, patterns: str, limit: int) -> tuple[FileContent, ...]:
        """Return the files that these sh patterns match.

        Requests made at the same moment share one command.
        """
        future = self._requests.get((patterns, limit))
        if future is None:
            loop = asyncio.get_running_loop()
            if not self._requests:
                loop.call_soon(self._fetch_requests)
            future = self._requests[patterns, limit] = loop.create_future()
        return await asyncio.shield(future)

    def _fetch_requests(self) -> None:
        requests, self._requests = self._requests, {}
        for limit in {limit for _, limit in requests}:
            batch = {
                patterns: future
                for (patterns, max_bytes), future in requests.items()
                if max_bytes == limit
            }
            self._start_task(self._fetch(batch, limit))

    async def _fetch(
        self, futures: dict[str, asyncio.Future[tuple[FileContent, ...]]], limit: int
    ) -> None:
        token = secrets.token_hex(16)
        items = (
            f'begin_item; for f in {patterns}; do print_file "$f"; done' for patterns in futures
        )
        script = "\n".join((f"token={token} limit={limit}", _READ_FILES, *items))
        try:
            result = await self._run_command(("sh", "-c", script), 8.0)
            contents = parse_items(result.out, token)
            failure = result.failure or Failure("other", "the server sent nothing of it")
            for number, (patterns, future) in enumerate(futures.items()):
                file_contents = contents[number] if number < len(contents) else ()
                if not future.done():
                    future.set_result(
                        file_contents or (FileContent(shlex.split(patterns)[0], failure=failure),)
                    )
        finally:
            for future in futures.values():
                future.cancel()


def destination(url: str) -> list[str]:
    """Return the ssh arguments for a URL."""
    parts = urlsplit(url)
    host, user = parts.hostname, parts.username
    if parts.scheme != "ssh" or not host or parts.path not in {"", "/"} or host.startswith("-"):
        raise ValueError(f"{url}: not like ssh://[user@]host[:port]")
    if parts.password is not None or (user is not None and not re.fullmatch(r"\w[\w.@+-]*", user)):
        raise ValueError(f"{url}: not like ssh://[user@]host[:port]")
    words = ["-l", user] if user else []
    words += ["-p", str(parts.port)] if parts.port else []
    return [*words, "--", host]


def shell_patterns(pattern: str) -> str:
    """Return a pattern as words for sh, with everything but its wildcards quoted.

    sh has no "**": it becomes zero to four levels of folders.
    """
    if "\n" in pattern or "\0" in pattern:
        return ""
    quoted = re.sub(r"[^\w*?\[\]!^/.,@%+:-]", r"\\\g<0>", pattern)
    head, recursive, tail = quoted.partition("**/")
    if not recursive:
        return quoted.replace("**", "*")
    return " ".join(f"{head}{'*/' * level}{tail}" for level in range(5))


def _failure(program: str, status: int, err: str) -> Failure | None:
    """Return the failure for an exit status.

    sh exits with 127 if the program is missing and 126 if it may not be run; timeout(1) exits
    with 124.
    """
    match status:
        case 0:
            return None
        case 127:
            return Failure("missing", f"{program}: not found", 127)
        case 126:
            return Failure("denied", f"{program}: permission denied", 126)
        case 124:
            return Failure("timeout", f"{program} did not end in time", 124)
    return exit_failure(status, err)


def parse_items(out: str, token: str) -> list[tuple[FileContent, ...]]:
    """Return the files printed for each item, at most MAX_PATHS per item."""
    items: list[list[FileContent]] = []
    real = ""
    for part in out.split(f"\n{token} ")[1:]:
        head, _, text = part.partition("\n")
        if head == "item":
            items.append([])
            continue
        if head.startswith("link "):
            real = head.removeprefix("link ")
            continue
        state, changed, path = (*head.split(" ", 2), "", "")[:3]
        failure = _FILE_FAILURES.get(state)
        time_match = re.fullmatch(r"[1-9]\d*(\.\d+)?", changed)
        seconds = float(changed) if time_match else None
        content = (
            FileContent(path, failure=failure)
            if failure
            else FileContent(path, text, seconds, real=real)
        )
        real = ""
        if len(items[-1]) < MAX_PATHS:
            items[-1].append(content)
    return [tuple(contents) for contents in items]


def _is_missing(content: FileContent) -> bool:
    return content.failure is not None and content.failure.kind == "missing"


def _path_of(content: FileContent) -> str:
    return content.path


def _private_directory() -> str:
    """Create a folder that only this user may enter, and return its path.

    The path is short enough for a socket in it (unix(7): 108 bytes, of which ssh uses 18).
    """
    base = tempfile.gettempdir()
    if len(base) > 60 and os.access("/tmp", os.W_OK):
        base = "/tmp"
    return tempfile.mkdtemp(prefix="diagnose-", dir=base)
