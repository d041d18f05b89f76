"""Replaces a file in one step: a reader sees the old content or the new one, never a part."""

import contextlib
import os
import stat
from pathlib import Path

#: Of a file that was not there before: others read it, such as node_exporter.
MODE = 0o644
#: Characters of the file's name in that of the temporary one. A name has at most 255 bytes.
_NAME_LENGTH = 40


def replace_file(path: str, data: bytes) -> None:
    """Write a temporary file in the same folder, flush it to the disk and rename it. A device or a
    pipe is written to. Raise OSError; the file is then as it was, and no temporary one stays.

    A symbolic link is replaced, not followed. The mode of a file that is there is kept.
    """
    mode = _mode(path)
    if mode is None:
        with open(path, "wb") as device:  # noqa: PTH123
            device.write(data)
        return
    import tempfile

    target = Path(path)
    # It does not end as the file does: node_exporter reads *.prom.
    number, temporary = tempfile.mkstemp(".tmp", f".{target.name[:_NAME_LENGTH]}.", target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, mode)
            file.write(data)
            file.flush()
            os.fsync(number)
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise
    _sync_folder(target.parent)


def _mode(path: str) -> int | None:
    """Return the mode of the new file; None if the path is no regular file and must not become
    one. /dev/stdout may lead to a regular file, and is a link that must stay."""
    if path.startswith(("/dev/", "/proc/")):
        return None
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return MODE
    if stat.S_ISLNK(status.st_mode):
        return MODE
    return stat.S_IMODE(status.st_mode) & 0o777 if stat.S_ISREG(status.st_mode) else None


def _sync_folder(folder: Path) -> None:
    """Flush the rename to the disk, where the file system can."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)
