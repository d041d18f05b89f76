"""The machine this program runs on."""

import asyncio
import contextlib
import os
import signal
import stat
import time
from collections.abc import Mapping

from diagnose.machine import LIMIT, Ran, Socket, Text
from diagnose.machine.environment import environment
from diagnose.model import Failure
from diagnose.net import PATIENCE, Connected
from diagnose.parsers.linux.sockets import listening

#: More paths than this of one pattern are not looked at.
MOST_PATHS = 2000


class LocalMachine:
    via = "local"

    async def run(self, *argv: str, timeout: float = 8.0) -> Ran:
        return await spawn(argv, timeout)

    async def read(self, path: str, limit: int = LIMIT) -> Text:
        return await asyncio.to_thread(_read, path, limit)

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return await asyncio.to_thread(_glob, pattern)

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[Text, ...]:
        return await asyncio.to_thread(_read_all, pattern, limit)

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        """By ss, which alone says of an IPv6 socket whether it takes IPv4 too; without it by
        psutil."""
        ran = await self.run("ss", "-ltnpe")
        if ran.failure is None:
            return listening(ran.out)
        return await asyncio.to_thread(_by_psutil)

    async def connect(self, address: str, port: int, timeout: float = PATIENCE) -> Connected:
        from diagnose.net.local import LocalNet

        return await LocalNet().connect(address, port, timeout)


async def spawn(argv: tuple[str, ...], timeout: float, env: Mapping[str, str] | None = None) -> Ran:
    """Run a program of this machine: with LC_ALL=C and the administrator's PATH, without
    standard input, its output bounded. One that does not end in time is killed, with all that
    it started."""
    begun = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=env or environment(),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Ran(argv, None, "", str(error), time.monotonic() - begun, could_not(error))
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = bytearray(), bytearray()
    failure = None
    try:
        async with asyncio.timeout(timeout):
            await asyncio.gather(_keep(process.stdout, out), _keep(process.stderr, err))
            await process.wait()
    except TimeoutError:
        failure = Failure("timeout", f"did not end within {timeout:g} s")
    finally:
        await _end(process)
    said, complained = out.decode(errors="replace"), err.decode(errors="replace")
    if failure is None and process.returncode:
        failure = exited(process.returncode, complained)
    return Ran(argv, process.returncode, said, complained, time.monotonic() - begun, failure)


def could_not(error: BaseException) -> Failure:
    """Why a program could not be started or a file not be read."""
    number = getattr(error, "errno", None)
    message = getattr(error, "strerror", None) or str(error)
    kind = "other"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        kind = "missing"
    elif isinstance(error, PermissionError):
        kind = "denied"
    return Failure(kind, message, number)


def exited(status: int, err: str) -> Failure:
    lines = err.strip().splitlines()
    return Failure("exit", lines[-1] if lines else f"exit status {status}", status)


async def _keep(stream: asyncio.StreamReader, kept: bytearray) -> None:
    """Read to the end, keep no more than LIMIT."""
    while chunk := await stream.read(65536):
        kept += chunk[: LIMIT - len(kept)]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # Its own session: the group is the child and what it started, and nothing else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _read(path: str, limit: int) -> Text:
    try:
        # Never wait for a FIFO's writer (open(2), O_NONBLOCK).
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return Text(path, failure=Failure("other", "not a regular file"))
            real = os.path.realpath(path) if os.path.islink(path) else ""  # noqa: PTH114
            text = file.read(limit).decode(errors="replace")
            return Text(path, text, about.st_mtime, real=real)
    except (OSError, ValueError) as error:
        return Text(path, failure=could_not(error))


def _glob(pattern: str) -> tuple[str, ...]:
    import glob
    from itertools import islice

    found = glob.iglob(pattern, recursive=True)  # noqa: PTH207  (absolute, with **, bounded)
    return tuple(sorted(islice(found, MOST_PATHS)))


def _read_all(pattern: str, limit: int) -> tuple[Text, ...]:
    return tuple(_read(path, limit) for path in _glob(pattern))


def _by_psutil() -> tuple[Socket, ...] | Failure:
    import psutil

    try:
        every = psutil.net_connections("tcp")
    except (psutil.Error, OSError) as error:
        return could_not(error)
    rows = [(*row.laddr[:2], row.pid) for row in every if row.status == psutil.CONN_LISTEN]
    four = {port for address, port, _ in rows if address == "0.0.0.0"}
    return tuple(
        Socket(
            address=address,
            port=port,
            family=6 if ":" in address else 4,
            dual=address == "::" and port not in four,
            pid=pid,
            process=_name(pid),
        )
        for address, port, pid in rows
    )


def _name(pid: int | None) -> str | None:
    import psutil

    if pid is None:
        return None
    try:
        return str(psutil.Process(pid).name())
    except (psutil.Error, OSError):
        return None
