"""The edit that gives an application what a location for static files has taken from it."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import copied_lines
from checks.nginx._pass_lines import line_without_uri
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

_NAME = "@application"
#: What a location for static files has. Any other line may be why it is there.
_OF_FILES = frozenset({
    "access_log", "add_header", "autoindex", "error_log", "etag", "expires", "gzip", "gzip_static",
    "gzip_types", "log_not_found", "root", "sendfile", "tcp_nodelay", "tcp_nopush", "try_files",
})  # fmt: skip


def named_location_changes(nginx: Nginx, owner: LocationMatch, files: Directive) -> Changes:
    """Return the changes by which nginx looks for a file in the location `files`, and passes the
    request on as the location `owner` does if there is none. None where a line in one of the two
    may mean something else, or a named location cannot have the pass directive."""
    changes: Changes = {}
    server = next((block for block in owner.blocks if block.name == "server"), None)
    file, passing = nginx.file(files), pass_directive_of(owner)
    line = line_without_uri(owner)
    if server is None or file is None or passing is None or not line:
        return changes
    is_taken = any(location.args == (_NAME,) for location in children(server, "location"))
    is_plain = {child.name for child in files.block or ()} <= _OF_FILES | {"valid_referers", "if"}
    is_plain = is_plain and all(map(_keeps_strangers_out, children(files, "if")))
    tries = children(files, "try_files")
    has_other_try = any(directive.args[-1:] != ("=404",) for directive in tries)
    if is_taken or not is_plain or has_other_try or files not in (server.block or ()):
        return changes
    lines = copied_lines(nginx, owner.block, {passing.name: line})
    if lines is None or children(owner.block, "try_files"):
        return changes
    try_line = f"try_files $uri {_NAME};"
    step = edits.indent_step(file.text, server, files)
    block = [f"location {_NAME} {{", *(f"{step}{each}" for each in lines), "}", ""]
    changes[files.file] = [
        edits.insert_before(file.text, files, block),
        edits.replace_directive(tries[0], try_line)
        if tries
        else edits.insert_first(file.text, files, [try_line]),
    ]
    return changes


def _keeps_strangers_out(condition: Directive) -> bool:
    """Return whether an `if` refuses pages of other sites (ngx_http_referer_module), which it does
    before any file is looked for, and nothing else."""
    names = {line.name for line in condition.block or ()}
    return condition.args == ("($invalid_referer)",) and names == {"return"}
