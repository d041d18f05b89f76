"""Edits of nginx's configuration files."""

from collections.abc import Iterable
from typing import TypeAlias

from checks.nginx import Nginx
from diagnose.model import Edit
from diagnose.model.addresses import bracketed
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    TextEdit,
    apply_edits,
    diff,
    insert_after,
    replace_directive,
)
from diagnose.parsers.nginx.server_blocks import Listen, Socket

#: Changes to files, by path.
Changes: TypeAlias = dict[str, list[TextEdit]]


def config_edit(nginx: Nginx, path: str, *changes: TextEdit, context: int = 3) -> Edit | None:
    """Return an edit of a configuration file, or None if nothing changes, or a change is of a
    directive of another file. The edit shows `context` unchanged lines around each change.

    It edits the file to which a link leads, because patch(1) refuses links.
    """
    file = nginx.config.file(path) if nginx.config else None
    if file is None or any(_is_misplaced(path, change) for change in changes):
        return None
    text = diff(file.real or path, file.text, apply_edits(file.text, *changes), context)
    return Edit(file.real or path, text) if text else None


def _is_misplaced(path: str, change: TextEdit) -> bool:
    """Return whether a change has the offsets of another file's directive."""
    return change.file not in {"", path}


def config_edits(nginx: Nginx, changes: Changes, context: int = 3) -> tuple[Edit, ...]:
    """Return the edits of all files, or () if one of them is not possible: half a remedy is
    none."""
    if any(_is_misplaced(path, each) for path, some in changes.items() for each in some):
        return ()
    return tuple(
        edit
        for path, file_changes in changes.items()
        if (edit := config_edit(nginx, path, *file_changes, context=context))
    )


def written_listen(address: str, port: int) -> str:
    """Return an address and port as a `listen` has them."""
    return str(port) if address == "*" else f"{bracketed(address)}:{port}"


def listen_edit(nginx: Nginx, listen: Listen, socket: Socket) -> Edit | None:
    """Let the block of a `listen` listen on another socket too; None if the file was not read."""
    return next(iter(listen_edits(nginx, ((listen, socket),))), None)


def listen_edits(nginx: Nginx, missing: Iterable[tuple[Listen, Socket]]) -> tuple[Edit, ...]:
    """Let the block of each `listen` listen on another socket too; () if a file was not read."""
    changes: Changes = {}
    for listen, socket in missing:
        anchor = listen.directive
        file = nginx.file(anchor) if anchor else None
        if anchor is None or file is None:
            return ()
        line = (
            f"listen {written_listen(socket.address, socket.port)}{' ssl' if socket.ssl else ''};"
        )
        changes.setdefault(anchor.file, []).append(insert_after(file.text, anchor, [line]))
    return config_edits(nginx, changes)


def without_name(nginx: Nginx, block: Directive, name: str) -> Edit | None:
    """Take a name out of the `server_name` of a block that has another one; None if that is not
    possible, or if a wildcard or an expression has the name."""
    lines = children(block, "server_name")
    others = [word for word in lines[0].args if word != name] if len(lines) == 1 else []
    if not others or len(others) == len(lines[0].args):
        return None
    return config_edit(
        nginx, lines[0].file, replace_directive(lines[0], f"server_name {' '.join(others)};")
    )
