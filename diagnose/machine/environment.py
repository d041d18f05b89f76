"""With which variables, and from which folders, programs are run: often as root.

A variable can make a program do something else (LD_PRELOAD, OPENSSL_CONF, GIT_SSH, PAGER …), and
nobody can list them all: only those that are needed are handed on. A folder of PATH in which
somebody else may write is somebody else's choice of program.
"""

import os
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath

#: Handed on as they are: who runs it, where, with which agent, by which bus, when.
KEPT_VARIABLES = frozenset(
    (
        "DBUS_SYSTEM_BUS_ADDRESS", "HOME", "KRB5CCNAME", "LOGNAME", "SSH_AUTH_SOCK", "SSH_CLIENT",
        "SSH_CONNECTION", "TERM", "TMPDIR", "TZ", "USER", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
    )
)  # fmt: skip

#: Where the administrator's programs are, whatever PATH says.
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")


def environment(inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables for a program that is run here: what KEPT names, no language (LC_ALL=C), and
    a PATH of folders that can be trusted."""
    variables = {name: value for name, value in inherited.items() if name in KEPT_VARIABLES}
    return variables | {"LC_ALL": "C", "PATH": trusted_path(inherited.get("PATH") or os.defpath)}


@lru_cache(maxsize=8)
def trusted_path(path: str) -> str:
    """The folders of a PATH that only root may change, or whoever runs this, then those of the
    system. An empty entry and a relative one stand for the working folder (execvp(3)): they go."""
    entries = (*path.split(":"), *SYSTEM_FOLDERS)
    return ":".join(dict.fromkeys(entry for entry in entries if _is_trusted(entry)))


def _is_trusted(entry: str) -> bool:
    if not entry.startswith("/"):
        return False
    path = PurePosixPath(os.path.realpath(entry))
    try:
        # In a sticky folder (/tmp) others cannot exchange what is there, but add to it.
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
    """Whether nobody but root is in a group: Debian's /usr/local belongs to "staff"."""
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
