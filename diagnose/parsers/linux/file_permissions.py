"""Who may use a Unix socket: unix(7), path_resolution(7). Pure."""

import re
from collections.abc import Iterable

from diagnose.model.upstream import Permissions

_LINE = r"([bcdlpsDC-][rwxsStT-]{9})([.+@]?)\s+\d+\s+(\d+)\s+(\d+)\s"


def listed(path: str, line: str) -> Permissions | None:
    """A line of `ls -ldn`; None for anything else. A "+" marks an access control list."""
    match = re.match(_LINE, line)
    if match is None:
        return None
    return Permissions(path, match[1], int(match[3]), int(match[4]), match[2] == "+")


def may(one: Permissions, right: str, user: int, groups: Iterable[int]) -> bool:
    """Whether a user has a right ("w", "x"): by the first class that he belongs to, be it more
    or less than that of the others."""
    if user == 0:
        return True
    first = 1 if one.owner == user else 4 if one.group in set(groups) else 7
    held = one.mode[first : first + 3]
    return right in held or (right == "x" and held[2] in "st")


def blocked(above: Iterable[Permissions], user: int, groups: Iterable[int]) -> Permissions | None:
    """What keeps a user from connecting: a folder that he may not search, or the socket that he
    may not write to. The outermost of them, as the kernel meets that first."""
    known = tuple(groups)
    for one in reversed(tuple(above)):
        right = "x" if one.mode.startswith("d") else "w"
        if not may(one, right, user, known):
            return one
    return None
