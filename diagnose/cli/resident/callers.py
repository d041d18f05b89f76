"""Who asks the resident. It works only for a process that could do the work itself, and would see
the same: same user, groups, capabilities, namespaces and limits (proc(5))."""

import os
import resource
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diagnose.model.frozen import frozen

#: Lines of /proc/PID/status that say what a process may do.
_RIGHTS = ("Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp")
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
_LIMITS = tuple(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))
#: Limits that a copy of the resident takes over from its caller.
_ADOPTED = (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)

#: struct ucred of unix(7): pid, uid, gid.
_CREDENTIALS = struct.Struct("3i")


class StrangerError(Exception):
    """The caller is not one that the resident works for."""


@frozen
class Surroundings:
    """What a process may do, and where it is. `adopted` are its limits of files and of core dumps,
    `umask` and `niceness` those of the process; they may differ."""

    rights: tuple[str, ...]
    namespaces: tuple[str, ...]
    root: tuple[int, int]
    label: str
    limits: tuple[tuple[int, int], ...]
    adopted: tuple[tuple[int, int], ...]
    umask: int
    niceness: int

    def matches(self, other: "Surroundings") -> bool:
        """Return whether both may do the same and see the same."""
        return (self.rights, self.namespaces, self.root, self.label, self.limits) == (
            other.rights, other.namespaces, other.root, other.label, other.limits)  # fmt: skip

    def adopt(self) -> None:
        """Take over what may differ. Raise OSError or ValueError if that is not permitted."""
        os.umask(self.umask)
        for limit, values in zip(_ADOPTED, self.adopted, strict=True):
            resource.setrlimit(limit, values)
        os.setpriority(os.PRIO_PROCESS, 0, self.niceness)


def surroundings(pid: int) -> Surroundings:
    """Return those of a process. Raise OSError or ValueError if they cannot be read."""
    folder = f"/proc/{pid}"
    lines = Path(f"{folder}/status").read_text("utf-8", "replace").splitlines()
    root = os.stat(f"{folder}/root/")  # noqa: PTH116 (the slash counts)
    return Surroundings(
        tuple(line for line in lines if line.startswith(_RIGHTS)),
        tuple(os.readlink(f"{folder}/ns/{name}") for name in _NAMESPACES),  # noqa: PTH115
        (root.st_dev, root.st_ino),
        _label(folder),
        tuple(resource.prlimit(pid, limit) for limit in _LIMITS if limit not in _ADOPTED),
        tuple(resource.prlimit(pid, limit) for limit in _ADOPTED),
        next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:")),
        os.getpriority(os.PRIO_PROCESS, pid),
    )


def _label(folder: str) -> str:
    """Return the security label (SELinux, AppArmor); "" where the kernel has none."""
    try:
        return Path(f"{folder}/attr/current").read_text("utf-8", "replace")
    except OSError:
        return ""


def check_caller(connection: socket.socket, own: Surroundings) -> Surroundings:
    """Return the surroundings of the process that connected. Raise StrangerError if they are not
    ours, or cannot be read."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(data)
    if (uid, gid) != (os.geteuid(), os.getegid()) or pid <= 0:
        raise StrangerError("another user")
    try:
        with _pinned(pid):
            theirs = surroundings(pid)
    except (OSError, ValueError, StopIteration) as error:
        raise StrangerError(f"it cannot be examined: {error}") from None
    if not theirs.matches(own):
        raise StrangerError("it may do other things than the resident, or is elsewhere")
    return theirs


@contextmanager
def _pinned(pid: int) -> Iterator[None]:
    """Make sure that the pid is of the same process until the end of the block."""
    descriptor = os.pidfd_open(pid)
    try:
        yield
        if select.select([descriptor], [], [], 0)[0]:
            raise ProcessLookupError("it has ended")
    finally:
        os.close(descriptor)
