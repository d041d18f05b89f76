"""The machine this program runs on."""

import asyncio
import contextlib
import os
import signal
import stat
import time
from collections.abc import Mapping

from diagnose.machine import LIMIT, CommandResult, FileContent, Socket
from diagnose.machine.environment import environment
from diagnose.model import Failure, FailureKind
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.net.deadline import deadline
from diagnose.parsers.linux.sockets import listening_sockets

#: Maximum number of paths for one pattern.
MAX_PATHS = 2000


class LocalMachine:
    via = "local"

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        return await spawn(argv, timeout)

    async def run_with_input(self, text: str, *argv: str, timeout: float = 8.0) -> CommandResult:
        return await spawn(argv, timeout, text=text)

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        return await asyncio.to_thread(_read, path, limit)

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return await asyncio.to_thread(_glob, pattern)

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        return await asyncio.to_thread(_read_all, pattern, limit)

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        """Return the listening sockets from ss, or from psutil if ss is missing.

        Only ss says whether an IPv6 socket also accepts IPv4.
        """
        result = await self.run("ss", "-ltnpe")
        if result.failure is None:
            return listening_sockets(result.out)
        return await asyncio.to_thread(_listeners_by_psutil)

    async def connect(
        self, address: str, port: int, timeout: float = DEFAULT_TIMEOUT
    ) -> ConnectResult:
        from diagnose.net.local import LocalNet

        return await LocalNet().connect(address, port, timeout)


async def spawn(
    argv: tuple[str, ...],
    timeout: float,
    env: Mapping[str, str] | None = None,
    text: str = "",
) -> CommandResult:
    """Run a program on this machine and return its result.

    The program gets LC_ALL=C, a trusted PATH and `text` as its standard input; its output is
    limited. After `timeout` seconds, the program and its child processes are killed.
    """
    started = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if text else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=env or environment(),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return CommandResult(
            argv, None, "", str(error), time.monotonic() - started, os_failure(error)
        )
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = bytearray(), bytearray()
    failure = None
    try:
        async with deadline(timeout):
            await asyncio.gather(
                _read_bounded(process.stdout, out),
                _read_bounded(process.stderr, err),
                _write(process.stdin, text),
            )
            await process.wait()
    except TimeoutError:
        failure = Failure("timeout", f"did not end within {timeout:g} s")
    finally:
        await _kill(process)
    stdout, stderr = out.decode(errors="replace"), err.decode(errors="replace")
    if failure is None and process.returncode:
        failure = exit_failure(process.returncode, stderr)
    return CommandResult(
        argv, process.returncode, stdout, stderr, time.monotonic() - started, failure
    )


def os_failure(error: BaseException) -> Failure:
    """Return why a program could not be started or a file could not be read."""
    number = getattr(error, "errno", None)
    message = getattr(error, "strerror", None) or str(error)
    kind: FailureKind = "other"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        kind = "missing"
    elif isinstance(error, PermissionError):
        kind = "denied"
    return Failure(kind, message, number)


def exit_failure(status: int, err: str) -> Failure:
    lines = err.strip().splitlines()
    return Failure("exit", lines[-1] if lines else f"exit status {status}", status)


async def _write(stream: asyncio.StreamWriter | None, text: str) -> None:
    """Send the text and end it. A program that does not read it is no failure of ours."""
    if stream is None:
        return
    with contextlib.suppress(OSError):
        stream.write(text.encode())
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _read_bounded(stream: asyncio.StreamReader, buffer: bytearray) -> None:
    """Read to the end, but keep at most LIMIT bytes."""
    while chunk := await stream.read(65536):
        buffer += chunk[: LIMIT - len(buffer)]


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # start_new_session: the process group contains only the child and its descendants.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _read(path: str, limit: int) -> FileContent:
    try:
        # O_NONBLOCK: never wait for a FIFO's writer (open(2)).
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return FileContent(path, failure=Failure("other", "not a regular file"))
            real = os.path.realpath(path) if os.path.islink(path) else ""  # noqa: PTH114
            text = file.read(limit).decode(errors="replace")
            return FileContent(path, text, status.st_mtime, real=real)
    except (OSError, ValueError) as error:
        return FileContent(path, failure=os_failure(error))


def _glob(pattern: str) -> tuple[str, ...]:
    import glob
    from itertools import islice

    paths = glob.iglob(pattern, recursive=True)  # noqa: PTH207  (absolute, with **, bounded)
    return tuple(sorted(islice(paths, MAX_PATHS)))


def _read_all(pattern: str, limit: int) -> tuple[FileContent, ...]:
    return tuple(_read(path, limit) for path in _glob(pattern))


def _listeners_by_psutil() -> tuple[Socket, ...] | Failure:
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError) as error:
        return os_failure(error)
    rows = [
        (*connection.laddr[:2], connection.pid)
        for connection in connections
        if connection.status == psutil.CONN_LISTEN
    ]
    ipv4_ports = {port for address, port, _ in rows if address == "0.0.0.0"}
    return tuple(
        Socket(
            address=address,
            port=port,
            family=6 if ":" in address else 4,
            dual=address == "::" and port not in ipv4_ports,
            pid=pid,
            process=_process_name(pid),
        )
        for address, port, pid in rows
    )


def _process_name(pid: int | None) -> str | None:
    import psutil

    if pid is None:
        return None
    try:
        return str(psutil.Process(pid).name())
    except (psutil.Error, OSError):
        return None
