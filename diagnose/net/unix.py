"""Unix sockets of this machine (unix(7))."""

import asyncio
import errno
import socket
import time

from diagnose.model import Failure
from diagnose.net import PATIENCE, Connected
from diagnose.net.error_mapping import failure_of
from diagnose.net.local import TcpStream

# For a TCP connection EACCES is an ICMP error; here it is this machine's own word.
_OWN = {errno.EACCES: "denied", errno.ENOENT: "missing"}


async def connect(path: str, timeout: float = PATIENCE) -> Connected:
    """Open a connection to a Unix socket. Its stream is one of bytes like any other."""
    begun = time.monotonic()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream = None
    try:
        sock.setblocking(False)
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(sock, path)
        stream = TcpStream(sock, (path, 0))
        return Connected(time.monotonic() - begun, stream)
    except (OSError, TimeoutError, ValueError) as error:
        return Connected(time.monotonic() - begun, failure=_failure(error))
    finally:
        if stream is None:
            sock.close()


def _failure(error: Exception) -> Failure:
    number = getattr(error, "errno", None)
    seen = failure_of(error)
    if number in _OWN:
        return Failure(_OWN[number], seen.message, seen.code, seen.name)
    return seen
