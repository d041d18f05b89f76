"""Parse what is left of the server's room: `stat -f`, and the open files of processes. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.model.resources import FileUser
from diagnose.parsers.sanitize import clean

#: Most lines that are read.
MAX_LINES = 100

_FILE_SYSTEM = re.compile(
    r"(?P<id>[0-9a-f]{1,32}) (?P<type>\S{1,40}) (?P<block>\d{1,9}) (?P<blocks>\d{1,18}) "
    r"(?P<free>\d{1,18}) (?P<files>\d{1,18}) (?P<free_files>\d{1,18}) (?P<path>/.{0,200})"
)
_USER = re.compile(
    r"(\d{1,10}) (\d{1,9}) (\d{1,9}) (\d{1,10}|unlimited) (-|[\w@:.\\-]{1,120}\.service) (.{1,64})"
)


@frozen
class Room:
    """A file system: the folders on it, its type, its bytes and inodes."""

    paths: tuple[str, ...]
    type: str
    free: int
    size: int
    free_files: int
    files: int


def parse_file_systems(text: str) -> tuple[Room, ...]:
    """Return the file systems in the output of `stat -f -c '%i %T %S %b %a %c %d %n'` of several
    folders, each once with all its folders, the shortest first."""
    rows_by_device: dict[tuple[str, ...], tuple[re.Match[str], list[str]]] = {}
    for line in text.splitlines()[:MAX_LINES]:
        if match := _FILE_SYSTEM.fullmatch(line):
            key = match.group("id", "type", "blocks", "files")
            rows_by_device.setdefault(key, (match, []))[1].append(clean(match["path"], 200))
    return tuple(
        Room(
            paths=tuple(sorted(paths, key=len)),
            type=clean(match["type"], 40),
            free=int(match["free"]) * int(match["block"]),
            size=int(match["blocks"]) * int(match["block"]),
            free_files=int(match["free_files"]),
            files=int(match["files"]),
        )
        for match, paths in rows_by_device.values()
    )


def parse_descriptors(text: str) -> tuple[FileUser, ...]:
    """Return the processes in lines "PID FILES SOCKETS LIMIT UNIT NAME"."""
    users = []
    for line in text.splitlines()[:MAX_LINES]:
        if match := _USER.fullmatch(line):
            limit = int(match[4]) if match[4] != "unlimited" else 0
            unit, name = match[5].removesuffix(".service"), clean(match[6], 64)
            own = "" if unit == "-" else unit
            user = FileUser(int(match[1]), name, int(match[2]), int(match[3]), limit, own)
            users.append(user)
    return tuple(users)
