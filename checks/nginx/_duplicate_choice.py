"""What a person types after choosing which of two blocks with one name is the site's: the other
block no longer takes the name. A file that has nothing else is moved, and keeps its text."""

import posixpath

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit, without_name
from diagnose.model import Command, Edit, commands
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import site_files
from diagnose.parsers.nginx.edits import remove_directive
from diagnose.parsers.nginx.server_blocks import Server


def without_block(nginx: Nginx, block: Server) -> tuple[Command | Edit, ...]:
    """Return what takes the target's name from a block; () if its file was not read."""
    step = _unread_file(nginx, block) or _without(nginx, block)
    return (step, *reload_steps(nginx)) if step else ()


def _without(nginx: Nginx, block: Server) -> Edit | None:
    """Take the name out of a block that has others; else the block out of its file."""
    file = nginx.file(block.block)
    if edit := without_name(nginx, block.block, nginx.evidence.target.host):
        return edit
    if file is None:
        return None
    return config_edit(nginx, file.path, remove_directive(file.text, block.block))


def _unread_file(nginx: Nginx, block: Server) -> Command | None:
    """Let nginx no longer read a file whose blocks all have their names and sockets elsewhere."""
    file, config = nginx.file(block.block), nginx.config
    if file is None or config is None or file.path == config.path:
        return None
    own = [server for server in nginx.servers if server.block.file == file.path]
    others = [server for server in nginx.servers if server.block.file != file.path]
    blocks = {id(server.block) for server in own}
    beside = [each for each in nginx_parser.parse(file.text, file.path) if each.name != "server"]
    if beside or len(blocks) != len(own) or not all(_is_elsewhere(one, others) for one in own):
        return None
    if file.real:
        return commands.remove_link(file.path, target=file.real)
    folder, name = posixpath.split(file.path)
    new_path = posixpath.join(posixpath.dirname(folder), f"{name}.off")
    patterns = site_files.include_patterns(config)
    is_read = any(site_files.glob_matches(new_path, pattern) for pattern in patterns)
    return None if is_read else commands.move(file.path, new_path)


def _is_elsewhere(server: Server, others: list[Server]) -> bool:
    sockets = {(listen.address, listen.port) for listen in server.listens}
    return any(
        {*server.names} <= {*other.names}
        and sockets <= {(listen.address, listen.port) for listen in other.listens}
        for other in others
    )
