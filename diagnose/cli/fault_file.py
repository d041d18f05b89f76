"""What a fault of diagnose itself leaves behind: a file for a report of it, so that nobody has to
provoke it a second time."""

import os
import platform
import traceback

from diagnose._version import VERSION
from diagnose.history.store import history_path, make_folder

MAX_LENGTH = 64 * 1024


def write_fault(error: BaseException) -> str:
    """Write the versions and the traceback into a file beside the history, which only this user may
    read, in the place of the fault before. Return its path, "" if it cannot be written."""
    lines = "".join(traceback.format_exception(error))[-MAX_LENGTH:]
    text = f"diagnose {VERSION}, Python {platform.python_version()}, {platform.platform()}\n\n"
    path = history_path().with_name("fault.txt")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        make_folder(path)
        with os.fdopen(
            os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace"
        ) as file:
            file.write(f"{text}{lines}")
    except OSError:
        return ""
    return str(path)
