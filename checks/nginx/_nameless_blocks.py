"""The only block of a socket that has no name at all, and is not its default: nobody reaches it."""

from collections.abc import Sequence

from checks.nginx import Nginx, SelectedServer
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import has_pages
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.parsers.nginx.commented_lines import commented_lines
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_after, insert_first
from diagnose.parsers.nginx.server_blocks import Server


def nameless_block(selected: Sequence[SelectedServer]) -> Server | None:
    """Return that block; None if there is none, or more than one."""
    sockets = [each.socket for each in selected]
    defaults = {id(socket.default.block) for socket in sockets}
    nameless = {
        id(server.block): server
        for socket in sockets
        for server in socket.servers
        if not {*server.names} - {""} and has_pages(server) and id(server.block) not in defaults
    }
    return next(iter(nameless.values())) if len(nameless) == 1 else None


def nameless_fix(nginx: Nginx, selected: Sequence[SelectedServer]) -> Fix | None:
    """Write the host's name into that block, or take it out of its comment there; None if there is
    no such block, or more than one."""
    server = nameless_block(selected)
    return named_fix(nginx, server) if server else None


def named_fix(nginx: Nginx, server: Server) -> Fix | None:
    """Write the target's name into a block without a name, or take it out of its comment there;
    None where its file was not read."""
    host, file, block = nginx.evidence.target.host, nginx.file(server.block), server.block
    if file is None:
        return None
    commented = commented_lines(file.text, block, {"server_name"})
    change = next((line.edit for line in commented if host in line.directive.args), None)
    if change is None:
        listens = [child for child in children(block, "listen") if child.file == block.file]
        line = [f"server_name {host};"]
        change = (
            insert_after(file.text, listens[-1], line)
            if listens
            else insert_first(file.text, block, line)
        )
    edit = config_edit(nginx, file.path, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None
