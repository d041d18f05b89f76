"""Edits of nginx's configuration files."""

from typing import TypeAlias

from checks.nginx import Nginx
from diagnose.model import Edit
from diagnose.parsers.nginx.edits import TextEdit, apply_edits, diff

#: Changes to files, by path.
Changes: TypeAlias = dict[str, list[TextEdit]]


def config_edit(nginx: Nginx, path: str, *changes: TextEdit) -> Edit | None:
    """Return an edit of a configuration file, or None if nothing changes.

    It edits the file to which a link leads, because patch(1) refuses links.
    """
    file = nginx.config.file(path) if nginx.config else None
    if file is None:
        return None
    text = diff(file.real or path, file.text, apply_edits(file.text, *changes))
    return Edit(file.real or path, text) if text else None


def config_edits(nginx: Nginx, changes: Changes) -> tuple[Edit, ...]:
    return tuple(
        edit
        for path, file_changes in changes.items()
        if (edit := config_edit(nginx, path, *file_changes))
    )
