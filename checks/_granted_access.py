"""The commands that let one group read a file, or pass through a folder, and nobody else."""

from collections.abc import Iterable

from diagnose.model import Command, commands
from diagnose.model.files import PathComponent


def grant_read(part: PathComponent, group: str) -> tuple[Command, Command]:
    """Grant access to the user's own group."""
    mode = "g+x" if part.folder else "g+r"
    return (
        commands.chgrp(group, part.path, before=part.group),
        commands.chmod(mode, part.path, before=part.mode),
    )


def is_of_others(part: PathComponent, group: str) -> bool:
    """Return whether another group than root's has access by a folder or a file, as ssl-cert has by
    Debian's /etc/ssl/private: a change of the group would take it from the services in there."""
    return part.group not in {"root", group} and bool(part.mode & 0o070)


def joining(parts: Iterable[PathComponent], user: str, group: str) -> tuple[Command, ...]:
    """Return the commands by which a user joins the groups that have the access already, where all
    parts are of such; () where they are not."""
    wanted = list(parts)
    if not all(is_of_others(each, group) and each.mode >> 3 & _needed(each) for each in wanted):
        return ()
    return tuple(
        commands.add_to_group(user, name) for name in dict.fromkeys(each.group for each in wanted)
    )


def _needed(part: PathComponent) -> int:
    return 1 if part.folder else 4
