"""nginx's lines about the Content-Encoding of files (ngx_http_headers_module). A file that lies
there compressed is sent as it is, and only a line says so."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import closes_nothing
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.browser_types import TYPES_BY_ENDING
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import location_pattern

#: The type of a file by the ending before that of its compression.
_TYPES = {**TYPES_BY_ENDING, "json": "application/json"}
_COMPRESSED = re.compile(r"/\S{1,500}\.(?P<ending>[a-z]{2,5})\.gz", re.ASCII)


def coding_line(nginx: Nginx, path: str) -> Directive | None:
    """Return the add_header in force for a path that names a coding."""
    for location_match in nginx.location_matches(path):
        for directive in location_match.directives("add_header"):
            if directive.args and directive.args[0].lower() == "content-encoding":
                return directive
    return None


def removed_line(nginx: Nginx, directive: Directive) -> Fix | None:
    """Take the line out. Other files in the same location may be compressed, and need it."""
    file = nginx.file(directive)
    change = edits.remove_directive(file.text, directive) if file else None
    file_edits = config_edits(nginx, {directive.file: [change]}) if change else ()
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def naming_fix(nginx: Nginx, path: str) -> Fix | None:
    """Return the location that says of compressed files of this kind what they are, as those of
    Unity's builds need it (`app.framework.js.gz`)."""
    name = _COMPRESSED.fullmatch(path)
    blocks = {
        id(answering_server.server.block): answering_server.server
        for answering_server in nginx.answering_servers()
    }
    if name is None or name["ending"] not in _TYPES or len(blocks) != 1:
        return None
    (server,) = blocks.values()
    match, end = final_request(server, path)
    served = served_file(match, path, start=nginx.start_folder)
    file, pattern = nginx.file(server.block), location_pattern(match.block)
    # A regular expression does not come before such a prefix, and not before another one above it.
    is_last = pattern is not None and pattern.modifier in {"^~", "="}
    if served is None or served.directive.name != "root" or end != path or file is None or is_last:
        return None
    if match.block.name == "location" and not closes_nothing(match.block):
        return None
    is_inside = served.directive not in children(server.block, "root")
    lines = [
        *([f"root {served.directive.args[0]};"] if is_inside else []),
        "gzip off;",
        "types { }",
        f"default_type {_TYPES[name['ending']]};",
        "add_header Content-Encoding gzip;",
    ]
    head = rf"location ~ \.{name['ending']}\.gz$"
    change = edits.insert_location(file.text, server.block, head, lines)
    file_edits = config_edits(nginx, {file.path: [change]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None
