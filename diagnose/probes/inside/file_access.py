"""Reads who may read a file: the permissions on the whole path, and the user that reads it."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from diagnose.machine import HasOwnRoot, Machine
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.files import Access, PathComponent
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

if TYPE_CHECKING:
    from diagnose.probes.inside.container_access import ContainerIds

_AccessT = TypeVar("_AccessT", bound=Access)

ACCESS_SCRIPT = read_script(__file__, "file_access.sh")


async def read_access(
    machine: Machine, user: str, pid: str, paths: Sequence[str]
) -> tuple[Access, ...]:
    """Return the permissions on these paths, as far as they exist.

    The reader is the process `pid`, or else the `user`; both may be "".
    """
    if isinstance(machine, HasOwnRoot):
        if not pid:
            return ()
        # Imported late: few servers are in a container.
        from diagnose.probes.inside.container_access import SCRIPT

        result = await machine.run_on_paths(SCRIPT, user, pid, *paths)
    else:
        result = await machine.run("sh", "-c", ACCESS_SCRIPT, "sh", user, pid, *paths)
    return tuple(
        replace(access, took=result.took) for access in parse_access(result.out) if access.parts
    )


#: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)): mode bits do not stop such a process.
_READS_ALL = 0b110


def parse_access(text: str) -> tuple[Access, ...]:
    """Parse the output of ACCESS_SCRIPT, or of the one for containers."""
    head, *blocks = re.split(r"^path ", text, flags=re.MULTILINE)
    head_fields = dict(line.partition(" ")[::2] for line in head.splitlines())
    uid, gids = head_fields.get("uid", ""), head_fields.get("gids", "").split()
    user, _, group = head_fields.get("name", "").partition(" ")
    reads_all = bool(int(head_fields.get("caps") or "0", 16) & _READS_ALL)
    ids = _container_ids(head) if "container" in head_fields else None
    if reads_all and not (ids and ids.has_own):
        uid = ""
    accesses = []
    for block in blocks:
        path, _, lines = block.partition("\n")
        default = re.search(r"^default (\S+)", lines, re.MULTILINE)
        access = Access(
            vantage=Vantage.SERVER,
            equivalent=f"namei -l {shlex.quote(path)}",
            path=path,
            parts=_parts(lines, path),
            uid=whole_number(uid),
            user=clean(user),
            gids=tuple(number for gid in gids if (number := whole_number(gid)) is not None),
            group=clean(group),
            enforcing=head_fields.get("selinux") == "1",
            default=clean(default[1]) if default else "",
        )
        accesses.append(ids.named(access, lines, reads_all) if ids else access)
    return tuple(accesses)


def _container_ids(head: str) -> "ContainerIds":
    # Imported late: few servers are in a container.
    from diagnose.probes.inside.container_access import ContainerIds

    return ContainerIds(head)


_PART = re.compile(r"^part (\d+) (\S+) (\d+) (\S+) ([0-7]+) ([^|]+)\|([^|]*)\|(/.*)$", re.MULTILINE)


def _parts(lines: str, path: str) -> tuple[PathComponent, ...]:
    """Return the path's parts from the outermost folder inwards, without a link to the file."""
    acl_paths = set(re.findall(r"^acl (/.*)$", lines, re.MULTILINE))
    parts = {
        name: PathComponent(
            path=name,
            uid=int(uid),
            user=clean(user),
            gid=int(gid),
            group=clean(group),
            mode=int(mode, 8),
            label=label if ":" in label else "",
            folder=kind == "directory",
            listed=name in acl_paths,
        )
        for uid, user, gid, group, mode, kind, label, name in _PART.findall(lines)
    }
    if len([part for part in parts.values() if not part.folder]) > 1:
        parts.pop(path, None)
    return tuple(sorted(parts.values(), key=lambda part: (not part.folder, len(part.path))))


def access_as(kind: type[_AccessT], access: Access, *, at: float, **facts: Any) -> _AccessT:
    """Return an access as an observation of a kind that says more, with its further facts. `at` is
    when the file was looked at, in seconds since the run began."""
    values = {field.name: getattr(access, field.name) for field in fields(access)}
    return kind(**{**values, "at": at, **facts})


def is_file(access: Access | None) -> bool:
    """Return whether the file exists. Of a path that leads through a file (ENOTDIR) only that file
    is listed."""
    return access is not None and any(
        not part.folder and not access.path.startswith(f"{part.path}/") for part in access.parts
    )
