"""The commands that let one group read a file, or pass through a folder, and nobody else."""

from diagnose.model import Command, commands
from diagnose.model.files import PathComponent


def grant_read(part: PathComponent, group: str) -> tuple[Command, Command]:
    """Grant access to the user's own group."""
    mode = "g+x" if part.folder else "g+r"
    return (
        commands.chgrp(group, part.path, before=part.group),
        commands.chmod(mode, part.path, before=part.mode),
    )
