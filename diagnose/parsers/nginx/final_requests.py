"""Which location answers a request in the end: after `rewrite`, `try_files` and `index`. No I/O."""

from diagnose.parsers.nginx.locations import (
    MAX_HOPS,
    LocationMatch,
    match_location,
    select_location,
)
from diagnose.parsers.nginx.rewrites import Rewritten, rewritten
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.variables import expand_variables

#: What nginx answers itself for a file that is not there, or that takes no upload.
_REFUSALS = frozenset(("403", "404", "405"))


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


def searched_location(server: Server, path: str) -> tuple[LocationMatch, str]:
    """Return the location that nginx selects for a path before it looks for files, and the path
    as it has it: the rules of the server block and of each location were followed. Of a rule that
    cannot be computed nothing is changed."""
    bare_path, mark, query = path.partition("?")
    path = rewritten(LocationMatch((server.http, server.block)), bare_path).path or bare_path
    location = select_location(server, path)
    for _ in range(MAX_HOPS):
        rules = _rules_of(location, path)
        path = rules.path or path
        if not rules.searches:
            break
        location = select_location(server, path)
    return location, f"{path}{mark}{query}"


def made_request(
    server: Server, location: LocationMatch, path: str
) -> tuple[LocationMatch, str] | None:
    """Return the location that answers after the `rewrite` of a location which another one has
    outdone, and the path as it has it; None if no rule of it surely leads this path elsewhere."""
    if location.block.name != "location":
        return None
    rules = rewritten(location, path)
    if not rules.path or not rules.is_known or rules.ends or rules.may_end:
        return None
    return searched_location(server, rules.path) if rules.searches else (location, rules.path)


def request_locations(server: Server, path: str) -> tuple[LocationMatch, ...]:
    """Return every location that a request for a path may come to, in nginx's order: it reads
    the settings of each anew. A folder may be there (`$uri/` and index) or not (the last argument
    of try_files), and a file may refuse the method (error_page)."""
    rules = rewritten(LocationMatch((server.http, server.block)), path)
    pending, locations = [rules.path or path], list[LocationMatch]()
    visited: set[str] = set()
    while pending and len(visited) < MAX_HOPS:
        current = pending.pop(0)
        if current in visited:
            continue
        visited.add(current)
        # Both that which nginx takes first and its named fallback.
        for location in (match_location(server, current), select_location(server, current)):
            if all(location.block is not other.block for other in locations):
                locations.append(location)
        pending += _possible_paths(location, current)
    return tuple(locations)


def _possible_paths(location: LocationMatch, path: str) -> list[str]:
    """Return the paths to which nginx may redirect a request internally."""
    rules = _rules_of(location, path)
    if rules.searches:
        return [rules.path] if rules.path else []
    if rules.ends or rules.path:
        return []
    pages = [
        directive.args[-1]
        for directive in location.directives("error_page")
        if _REFUSALS & set(directive.args[:-1]) and directive.args[-1].startswith("/")
    ]
    ways = (_folder_index(location, path), _internal_redirect(location, path), *pages)
    return [way for way in ways if way]


def has_unknown_rules(server: Server, path: str) -> bool:
    """Return whether a rule may lead the request for a path elsewhere than `final_request` says:
    one whose condition or expression cannot be computed."""
    outer = rewritten(LocationMatch((server.http, server.block)), path)
    location, final_path = final_request(server, path)
    return not (outer.is_known and rewritten(location, final_path).is_known)


def _next_path(location: LocationMatch, path: str) -> str | None:
    """Return the path for which nginx looks for a location anew, None if this one answers."""
    rules = _rules_of(location, path)
    if rules.searches:
        return rules.path
    return None if rules.ends or rules.path else _internal_redirect(location, path)


def _rules_of(location: LocationMatch, path: str) -> Rewritten:
    """Return what the rules of a location do with a path; one that passes requests on answers. The
    rules of the server block came before."""
    if pass_directive_of(location):
        return Rewritten(ends=True)
    return rewritten(location, path) if location.block.name == "location" else Rewritten()


def _internal_redirect(location: LocationMatch, path: str) -> str | None:
    try_files = location.directive("try_files")
    last = try_files.args[-1] if try_files and try_files.args else ""
    if last.startswith("/"):
        uri = path.partition("?")[0]
        # The query may be written as variables: "/index.php$is_args$args".
        variables = {"uri": uri, "is_args": "", "args": "", "query_string": ""}
        return expand_variables(location, last.partition("?")[0], variables)
    return _folder_index(location, path)


def _folder_index(location: LocationMatch, path: str) -> str | None:
    """Return the path of the PHP file that is the index of a folder, None if there is none."""
    index = location.directive("index")
    programs = [
        index_file for index_file in (index.args if index else ()) if index_file.endswith(".php")
    ]
    bare_path = path.partition("?")[0]
    return f"{bare_path}{programs[0]}" if programs and bare_path.endswith("/") else None
