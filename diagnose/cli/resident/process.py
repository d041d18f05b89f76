"""Starts the resident as a process of its own, and ends it with the exporter."""

import contextlib
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from diagnose.cli.resident.server import Server
from diagnose.parsers.target import UsageError
from diagnose.processes.resident_client import SOCKET, is_private, runtime_folder

#: Connections that wait to be accepted.
BACKLOG = 64


@contextmanager
def resident() -> Iterator[str]:
    """Run the resident during the block; the value is the path of its socket. Raise UsageError if
    it cannot be started. Call it while this process has one thread."""
    folder = runtime_folder()
    path = f"{folder}/{SOCKET}"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_locked(folder))
            stack.enter_context(_started(stack.enter_context(_listening(path))))
        except OSError as error:
            raise UsageError(f"--resident: {path}: {error.strerror or error}.") from None
        yield path


@contextmanager
def _started(listener: socket.socket) -> Iterator[None]:
    """Run the process until the end of the block: it ends when its pipe is closed."""
    owner, ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _serve(listener, owner)
    listener.close()
    os.close(owner)
    try:
        yield
    finally:
        os.close(ours)
        os.waitpid(pid, 0)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Make the folder, and hold its lock: there is one resident of a user."""
    with contextlib.suppress(FileExistsError):
        Path(folder).mkdir(mode=0o700)
    if not is_private(folder):
        raise UsageError(f"--resident: {folder} has to be a folder that is yours alone (mode 700).")
    descriptor = os.open(f"{folder}/{SOCKET}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UsageError(f"--resident: another one is running ({folder}).") from None
    finally:
        os.close(descriptor)


@contextmanager
def _listening(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        Path(path).unlink(missing_ok=True)  # of one that was killed; we hold the lock
        listener.bind(path)
        try:
            listener.listen(BACKLOG)
            yield listener
        finally:
            Path(path).unlink(missing_ok=True)


def _serve(listener: socket.socket, owner: int) -> NoReturn:
    """Be the resident. It has no terminal: Ctrl-C is meant for the exporter, which then ends it."""
    os.setsid()
    status = 70
    try:
        Server(listener, owner).serve()
        status = 0
    except Exception as error:
        sys.stderr.write(f"diagnose serve: The resident ended: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(status)
