"""Which location answers a request in the end: after `rewrite`, `try_files` and `index`. No I/O."""

from diagnose.parsers.nginx.locations import MAX_HOPS, LocationMatch, select_location
from diagnose.parsers.nginx.rewrites import Rewritten, rewritten
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.variables import expand_variables


def final_location(server: Server, path: str) -> LocationMatch:
    """Return the location that finally answers a path."""
    return final_request(server, path)[0]


def final_request(server: Server, path: str) -> tuple[LocationMatch, str]:
    """Return the location that finally answers a path, and the path as it has it: a `rewrite` leads
    to another path, a missing file to the last argument of try_files, and a folder to its index if
    that is a PHP file."""
    path = rewritten(LocationMatch((server.http, server.block)), path).path or path
    location = select_location(server, path)
    for _ in range(MAX_HOPS):
        next_path = _next_path(location, path)
        if next_path is None or next_path == path:
            break
        location, path = select_location(server, next_path), next_path
    return location, path


def has_unknown_rules(server: Server, path: str) -> bool:
    """Return whether a rule may lead the request for a path elsewhere than `final_request` says:
    one whose condition or expression cannot be computed."""
    outer = rewritten(LocationMatch((server.http, server.block)), path)
    location, final_path = final_request(server, path)
    return not (outer.is_known and rewritten(location, final_path).is_known)


def _next_path(location: LocationMatch, path: str) -> str | None:
    """Return the path for which nginx looks for a location anew, None if this one answers."""
    if pass_directive_of(location):
        return None
    rules = rewritten(location, path) if location.block.name == "location" else Rewritten()
    if rules.searches:
        return rules.path
    return None if rules.ends or rules.path else _internal_redirect(location, path)


def _internal_redirect(location: LocationMatch, path: str) -> str | None:
    try_files = location.directive("try_files")
    last = try_files.args[-1] if try_files and try_files.args else ""
    if last.startswith("/"):
        uri = path.partition("?")[0]
        # The query may be written as variables: "/index.php$is_args$args".
        variables = {"uri": uri, "is_args": "", "args": "", "query_string": ""}
        return expand_variables(location, last.partition("?")[0], variables)
    index = location.directive("index")
    programs = [
        index_file for index_file in (index.args if index else ()) if index_file.endswith(".php")
    ]
    bare_path = path.partition("?")[0]
    return f"{bare_path}{programs[0]}" if programs and bare_path.endswith("/") else None
