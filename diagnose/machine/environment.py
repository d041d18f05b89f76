"""The environment variables and the PATH with which programs run, often as root.

A variable can change what a program does (LD_PRELOAD, OPENSSL_CONF, GIT_SSH, PAGER …), and no list
of dangerous ones is complete: only the variables that are needed are passed on. If another user
can write to a folder of PATH, that user chooses the program.
"""

import os
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath

#: Variables passed on unchanged: user, folders, SSH agent and session, D-Bus address, time zone.
KEPT_VARIABLES = frozenset(
    (
        "DBUS_SYSTEM_BUS_ADDRESS", "HOME", "KRB5CCNAME", "LOGNAME", "SSH_AUTH_SOCK", "SSH_CLIENT",
        "SSH_CONNECTION", "TERM", "TMPDIR", "TZ", "USER", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
    )
)  # fmt: skip

#: Folders of the administrator's programs, added whatever PATH says.
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")


def environment(inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables for a program on this machine.

    They are those in KEPT_VARIABLES, LC_ALL=C, and a PATH that has only trusted folders.
    STEPPATH is a folder that is there: without it Caddy's library of Smallstep makes ~/.step, even
    for `caddy version`.
    """
    variables = {name: value for name, value in inherited.items() if name in KEPT_VARIABLES}
    path = trusted_path(inherited.get("PATH") or os.defpath)
    return variables | {"LC_ALL": "C", "PATH": path, "STEPPATH": "/"}


@lru_cache(maxsize=8)
def trusted_path(path: str) -> str:
    """Return the folders of a PATH that only root or this user can change, then SYSTEM_FOLDERS.

    Empty and relative entries mean the working folder (execvp(3)): they are removed.
    """
    entries = (*path.split(":"), *SYSTEM_FOLDERS)
    return ":".join(dict.fromkeys(entry for entry in entries if _is_trusted(entry)))


def _is_trusted(entry: str) -> bool:
    if not entry.startswith("/"):
        return False
    path = PurePosixPath(os.path.realpath(entry))
    try:
        # In a sticky folder (/tmp) others can add entries, but cannot replace existing ones.
        return _is_private_folder(path, sticky=False) and all(
            _is_private_folder(folder, sticky=True) for folder in path.parents
        )
    except (OSError, ValueError):
        return False


def _is_private_folder(path: PurePosixPath, sticky: bool) -> bool:
    folder = os.stat(path)  # noqa: PTH116
    if not stat.S_ISDIR(folder.st_mode) or folder.st_uid not in {0, os.geteuid()}:
        return False
    if sticky and folder.st_mode & stat.S_ISVTX:
        return True
    if folder.st_mode & stat.S_IWOTH:
        return False
    return not folder.st_mode & stat.S_IWGRP or _is_private_group(folder.st_gid)


def _is_private_group(group: int) -> bool:
    """Whether a group has no member but root and this user (Debian: /usr/local is of "staff")."""
    if group == 0:
        return True
    import grp
    import pwd

    try:
        members = grp.getgrgid(group).gr_mem
    except KeyError:
        members = []
    return not members and all(
        user.pw_gid != group or user.pw_uid in {0, os.geteuid()} for user in pwd.getpwall()
    )
