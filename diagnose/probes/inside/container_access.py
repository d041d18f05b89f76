"""Who may read a file of a container: the ids are the server's, the names those of the container.

In a user namespace a process may do all to files whose owner and group the namespace has, and no
more than their bits allow to others (user_namespaces(7), "Capabilities")."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model.files import Access, PathComponent

SCRIPT = read_script(__file__, "container_access.sh")

#: Most lines of a map of ids (user_namespaces(7)), and most names that are kept.
_MAX_MAPS, _MAX_NAMES = 340, 2000
#: The map of the server's own namespace, in which every id stands for itself.
_EVERY_ID = (0, 0, 4294967295)

_MAP = re.compile(r"^(uid|gid)_map\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*$", re.MULTILINE)
_NAME = re.compile(r"^user (\d{1,10}) (\S{1,64})$", re.MULTILINE)
_LINK = re.compile(r"^link (/.*)$", re.MULTILINE)


class ContainerIds:
    """The ids of a container and its names for them, as the head of the script's output tells."""

    def __init__(self, head: str) -> None:
        maps = [(kind, tuple(map(int, rest))) for kind, *rest in _MAP.findall(head)[:_MAX_MAPS]]
        self._users = [numbers for kind, numbers in maps if kind == "uid"]
        self._groups = [numbers for kind, numbers in maps if kind == "gid"]
        self._names: dict[int, str] = {}
        for number, name in _NAME.findall(head)[:_MAX_NAMES]:
            self._names.setdefault(int(number), name)
        self.has_own = bool(self._users) and _EVERY_ID not in self._users

    def user(self, uid: int) -> str:
        """Return the container's name for a user of the server, or the server's number."""
        return self._names.get(_inner(self._users, uid), str(uid))

    def has(self, part: PathComponent) -> bool:
        """Whether the container has the owner and the group of a file."""
        return _inner(self._users, part.uid) >= 0 and _inner(self._groups, part.gid) >= 0

    def named(self, access: Access, text: str, reads_all: bool) -> Access:
        """Return an access with the container's names. `text` is the script's block of the path,
        and `reads_all` tells that the reader has the capabilities for it, in its own namespace.

        Groups stay the server's numbers: they stand in commands, and the server may have no such
        group.
        """
        links = frozenset(_LINK.findall(text))
        parts = tuple(
            replace(
                part,
                user=self.user(part.uid),
                admitting=part.path in links or (reads_all and self.has_own and self.has(part)),
            )
            for part in access.parts
        )
        user = self.user(access.uid) if access.uid is not None else ""
        group = str(access.gids[0]) if access.gids else ""
        command = shlex.join(("ls", "-ld", *(part.path for part in parts)))
        return replace(access, parts=parts, user=user, group=group, equivalent=command)


def _inner(maps: Iterable[tuple[int, ...]], number: int) -> int:
    """Return what a namespace has for an id of the server, -1 for none."""
    for first, outer, count in maps:
        if outer <= number < outer + count:
            return first + number - outer
    return -1
