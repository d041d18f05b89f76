"""Connections to Unix sockets of this machine (unix(7))."""

import asyncio
import errno
import socket
import time

from diagnose.model import Failure, FailureKind
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.net.deadline import deadline
from diagnose.net.error_mapping import failure_of
from diagnose.net.local import TcpStream

# For a TCP connection EACCES stands for an ICMP error; here it comes from this machine.
_LOCAL_KINDS: dict[int | None, FailureKind] = {errno.EACCES: "denied", errno.ENOENT: "missing"}


async def connect(path: str, timeout: float = DEFAULT_TIMEOUT) -> ConnectResult:
    """Open a connection to a Unix socket; its stream works like any other."""
    started = time.monotonic()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream = None
    try:
        sock.setblocking(False)
        async with deadline(timeout):
            await asyncio.get_running_loop().sock_connect(sock, path)
        stream = TcpStream(sock, (path, 0))
        return ConnectResult(time.monotonic() - started, stream)
    except (OSError, TimeoutError, ValueError) as error:
        return ConnectResult(time.monotonic() - started, failure=_failure(error))
    finally:
        if stream is None:
            sock.close()


def _failure(error: Exception) -> Failure:
    number = getattr(error, "errno", None)
    failure = failure_of(error)
    if number in _LOCAL_KINDS:
        return Failure(_LOCAL_KINDS[number], failure.message, failure.code, failure.name)
    return failure
