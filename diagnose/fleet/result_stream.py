"""Standard output of a fleet: each line is written at once, and after a kill exactly what is
missing of the last one."""

import asyncio
import os
import select
import stat
from pathlib import Path

#: Bytes that a pipe takes without waiting if it is ready for any (pipe(7), PIPE_BUF).
_ATOMIC = select.PIPE_BUF

#: How each line begins, and the bytes of one that are looked for.
_BEGINNING, _MAX_UNFINISHED = b'{"type": "', 64 * 1024 * 1024


class ResultStream:
    """Writes to a file descriptor. Raises OSError, BrokenPipeError if nobody reads any more."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    async def write(self, text: str) -> None:
        """Write a line. A reader that is slow holds up the fleet, and not the event loop: answers
        that are under way are still read."""
        data = text.encode("utf-8", "backslashreplace")
        if self._is_file or (len(data) <= _ATOMIC and self._poll.poll(0)):
            write_all(self._descriptor, data)
        else:
            await asyncio.to_thread(write_all, self._descriptor, data)

    def complete(self, text: str) -> None:
        """Repair the end of an output whose writer was killed. `text` is the last result: what is
        missing of it is written. Where the output is no file, that is not known: all of it is
        written, and may stand there twice. A summary that was cut off is removed."""
        data = text.encode("utf-8", "backslashreplace")
        if self._is_file:
            unfinished = _unfinished_line(self._descriptor)
            if unfinished and not data.startswith(unfinished):
                os.ftruncate(self._descriptor, _size(self._descriptor) - len(unfinished))
                unfinished = b""
            data = b"" if _ends_with(self._descriptor, data) else data[len(unfinished) :]
        write_all(self._descriptor, data)


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _size(descriptor: int) -> int:
    return os.fstat(descriptor).st_size


def _end(descriptor: int, size: int) -> bytes:
    """Return the last bytes of a file, whichever way it is open."""
    with Path(f"/proc/self/fd/{descriptor}").open("rb") as file:
        file.seek(max(_size(descriptor) - size, 0))
        return file.read(size)


def _ends_with(descriptor: int, data: bytes) -> bool:
    return _end(descriptor, len(data)) == data


def _unfinished_line(descriptor: int) -> bytes:
    """Return the beginning of a line of ours at the end of a file; b"" if its end is another."""
    size = 4096
    while True:
        line = _end(descriptor, size).rpartition(b"\n")[2]
        if len(line) < size or size >= _MAX_UNFINISHED:
            is_ours = line.startswith(_BEGINNING) or _BEGINNING.startswith(line)
            return line if is_ours else b""
        size *= 4
