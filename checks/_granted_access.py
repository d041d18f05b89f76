"""The commands that let one group read a file, or pass through a folder, and nobody else."""

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


def steps_to_read(access: ServiceFileAccess) -> tuple[Command, ...]:
    """Return the commands that let the service's group read a file, if anything on its path is
    closed, and start the service; () if the group is not known, or a part of the path is private.
    """
    closed = access.denied_parts
    if not access.group or any(part.path.startswith(PRIVATE_FOLDERS) for part in closed):
        return ()
    steps = (step for part in closed for step in grant_read(part, access.group))
    # After several failed starts systemd refuses further ones.
    start = (commands.reset_failed(access.unit), commands.restart_dead_service(access.unit))
    return (*steps, *start)
