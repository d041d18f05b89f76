"""What a person types to pass a path on to the site's only application, where nginx looks for
files."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._only_application import folder_of, only_application
from diagnose.model import Command, Edit
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    TextEdit,
    insert_first,
    insert_location,
    remove_directive,
)
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern

_PLAIN = re.compile(r"/(?:[\w.-]{1,100}/?)?", re.ASCII)
#: What is about files, and stands beside no proxy_pass.
_OF_FILES = ("try_files", "index", "root", "alias", "autoindex")


def passing_steps(nginx: Nginx, match: LocationMatch, path: str) -> tuple[Command | Edit, ...]:
    """Return what passes the first folder of a path on; () where the application or the place is
    not known."""
    application, folder = only_application(nginx, match), folder_of(path)
    server, file = match.blocks[1], nginx.file(match.blocks[1])
    if not application or file is None or not _PLAIN.fullmatch(folder):
        return ()
    lines = [
        f"proxy_pass {application};",
        "proxy_set_header Host $host;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ]
    own = [child for child in children(server, "location") if _is_prefix(child.args, folder)]
    if match.block in own and match.block.file == server.file:
        changes: list[TextEdit] = [insert_first(file.text, match.block, lines)]
        for name in _OF_FILES:
            changes += [remove_directive(file.text, child) for child in children(match.block, name)]
    elif own or _is_closed(match):
        return ()
    else:
        changes = [insert_location(file.text, server, f"location {folder}", lines)]
    return chosen_edits(nginx, config_edits(nginx, {file.path: changes}))


def _is_prefix(args: tuple[str, ...], folder: str) -> bool:
    return args[-1:] == (folder,) and args[:1] != ("=",)


def _is_closed(match: LocationMatch) -> bool:
    """Return whether the location that answers today asks who comes: a new one would not."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    rules = ("auth_basic", "auth_request", "deny", "satisfy", "limit_except")
    return pattern is not None and any(children(match.block, name) for name in rules)
