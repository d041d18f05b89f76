"""The SSH session in which this process runs."""

import os
from pathlib import Path

#: The largest number of parent processes whose environment is read.
MAX_ANCESTORS = 32


def ssh_connection() -> str:
    """Return the session's "client-address client-port server-address server-port"; "" if there is
    no SSH session. sudo(8) removes the variable, so the environments of the parent processes are
    read too (proc(5))."""
    if own := os.environ.get("SSH_CONNECTION"):
        return own
    process = os.getppid()
    for _ in range(MAX_ANCESTORS):
        folder = Path("/proc", str(process))
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            stat = (folder / "stat").read_text(errors="replace")
        except OSError:
            return ""
        for variable in variables:
            if variable.startswith(b"SSH_CONNECTION="):
                return variable.partition(b"=")[2].decode(errors="replace")
        process = int(stat.rpartition(") ")[2].split()[1])
        if process <= 1:
            return ""
    return ""
