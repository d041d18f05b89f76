"""Which users may connect to a Unix socket: unix(7), path_resolution(7). No I/O."""

import re
from collections.abc import Iterable

from diagnose.model.upstream import Permissions

_LINE = r"([bcdlpsDC-][rwxsStT-]{9})([.+@]?)\s+\d+\s+(\d+)\s+(\d+)\s"


def parse_ls_line(path: str, line: str) -> Permissions | None:
    """Parse a line of `ls -ldn`; None for other text. A "+" marks an access control list."""
    match = re.match(_LINE, line)
    if match is None:
        return None
    return Permissions(path, match[1], int(match[3]), int(match[4]), match[2] == "+")


def has_permission(permissions: Permissions, right: str, user: int, groups: Iterable[int]) -> bool:
    """Return whether a user has a right ("w", "x"). The first class that includes the user decides,
    even if another class has more rights."""
    if user == 0:
        return True
    class_index = 1 if permissions.owner == user else 4 if permissions.group in set(groups) else 7
    class_mode = permissions.mode[class_index : class_index + 3]
    return right in class_mode or (right == "x" and class_mode[2] in "st")


def blocking_path(
    path_permissions: Iterable[Permissions], user: int, groups: Iterable[int]
) -> Permissions | None:
    """Return what prevents a user from connecting: a folder without search permission, or a socket
    without write permission. The outermost one is returned, because the kernel checks it first."""
    group_ids = tuple(groups)
    for permissions in reversed(tuple(path_permissions)):
        right = "x" if permissions.mode.startswith("d") else "w"
        if not has_permission(permissions, right, user, group_ids):
            return permissions
    return None
