"""The commands that let one group read a file, or pass through a folder, and nobody else."""

from collections.abc import Iterable, Sequence

from diagnose.model import Command, commands
from diagnose.model.files import PathComponent, ServiceFileAccess

#: Folders whose files are private: nothing in them is opened to a service.
PRIVATE_FOLDERS = ("/root", "/home")


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


def closed_parts(accesses: Iterable[ServiceFileAccess]) -> tuple[PathComponent, ...]:
    """Return the folders and files that a service's user may not enter or read, each once."""
    parts = {part.path: part for access in accesses for part in access.denied_parts}
    return tuple(parts.values())


def steps_to_read(accesses: Sequence[ServiceFileAccess]) -> tuple[Command, ...]:
    """Return the commands that let the service's user read its files, if anything on their paths is
    closed, and start the service; () if nothing is known of them, if the group is not known, or a
    part of the path is private or belongs to a group of others that the user cannot join.
    """
    closed = closed_parts(accesses)
    first = next(iter(accesses), None)
    if first is None or not first.group:
        return ()
    if any(part.path.startswith(PRIVATE_FOLDERS) for part in closed):
        return ()
    steps = joining(closed, first.user, first.group)
    if not steps and any(is_of_others(part, first.group) for part in closed):
        return ()
    if not steps:
        steps = tuple(step for part in closed for step in grant_read(part, first.group))
    # After several failed starts systemd refuses further ones.
    start = (commands.reset_failed(first.unit), commands.restart_dead_service(first.unit))
    return (*steps, *start)
