"""Who may use a Unix socket: unix(7), path_resolution(7). Pure."""

import re
from collections.abc import Iterable

from diagnose.model.upstream import Permissions

_LINE = r"([bcdlpsDC-][rwxsStT-]{9})([.+@]?)\s+\d+\s+(\d+)\s+(\d+)\s"


def parse_ls_line(path: str, line: str) -> Permissions | None:
    """A line of `ls -ldn`; None for anything else. A "+" marks an access control list."""
    match = re.match(_LINE, line)
    if match is None:
        return None
    return Permissions(path, match[1], int(match[3]), int(match[4]), match[2] == "+")


def has_permission(permissions: Permissions, right: str, user: int, groups: Iterable[int]) -> bool:
    """Whether a user has a right ("w", "x"): by the first class that he belongs to, be it more
    or less than that of the others."""
    if user == 0:
        return True
    class_index = 1 if permissions.owner == user else 4 if permissions.group in set(groups) else 7
    class_mode = permissions.mode[class_index : class_index + 3]
    return right in class_mode or (right == "x" and class_mode[2] in "st")


def blocking_path(
    path_permissions: Iterable[Permissions], user: int, groups: Iterable[int]
) -> Permissions | None:
    """What keeps a user from connecting: a folder that he may not search, or the socket that he
    may not write to. The outermost of them, as the kernel meets that first."""
    group_ids = tuple(groups)
    for permissions in reversed(tuple(path_permissions)):
        right = "x" if permissions.mode.startswith("d") else "w"
        if not has_permission(permissions, right, user, group_ids):
            return permissions
    return None
