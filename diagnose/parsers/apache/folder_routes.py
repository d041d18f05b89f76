"""Where the rules of a folder pass requests on to: RewriteRule [P] of an .htaccess, or of the
<Directory> of the site's folder. A pattern is compared with the path below the folder there, which
has no slash in front (mod_rewrite, "What is matched?"). No I/O."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.redirects import redirects_and_rewritten_routes
from diagnose.parsers.apache.rewrite_flags import rewrite_flags

#: Maximum number of lines that are read.
MAX_LINES = 500

#: Beginnings of a pattern that match from the path's first character on.
_GREEDY = ("(.*", "(.+", ".*", ".+")


def folder_routes(
    lines: Iterable[Directive], tls: bool, names: Sequence[str], folder: str = "/"
) -> tuple[SiteRoute, ...]:
    """Return the routes of a folder's rules, with patterns of the whole path; `folder` is its path
    in the URL ("/", "/app/"). A rule above that changes the path makes a route unknown."""
    read = [line for _, line in zip(range(MAX_LINES), lines, strict=False)]
    _, routes = redirects_and_rewritten_routes(read, tls, names=names)
    changing = next((line for line in read if _changes_path(line)), None)
    places = {(line.file, line.line): number for number, line in enumerate(read)}
    first = places[changing.file, changing.line] if changing else len(read)
    return tuple(
        route if places.get((route.file, route.line), 0) < first else _unknown(route)
        for own in routes
        if (route := _of_whole_path(own, folder))
    )


def _changes_path(line: Directive) -> bool:
    flags = rewrite_flags(line)
    is_rule = line.name == "rewriterule" and len(line.args) > 1
    return is_rule and line.args[1] != "-" and not flags.keys() & {"P", "R"}


def _unknown(route: SiteRoute) -> SiteRoute:
    return replace(route, for_pages=None, for_websockets=None)


def _of_whole_path(route: SiteRoute, folder: str) -> SiteRoute | None:
    """Return a route with a pattern of the path of the URL; None if it cannot be written as one."""
    own = route.path
    if own.startswith("!") or _has_outer_choice(own):
        return None
    if own.startswith("^") or own.startswith(_GREEDY):
        return replace(route, path=f"^{re.escape(folder)}{own.removeprefix('^')}")
    # Any part of the path may match, so the folder's own may too.
    return route if folder == "/" and not own.startswith("/") else None


def _has_outer_choice(pattern: str) -> bool:
    """Return whether a pattern has a "|" outside of all groups."""
    depth = 0
    for mark in re.sub(r"\\.|\[[^\]]*\]", "", pattern[:500]):
        depth += (mark == "(") - (mark == ")")
        if mark == "|" and depth <= 0:
            return True
    return False
