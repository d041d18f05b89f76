"""Finds the pages that a script shows by itself: the table of a router (Vue Router, React Router,
Angular: `{path: "/users/:id", component: …}`). No I/O.

A single path may be that of a cookie, or an option of a client: a table has several. What names a
method or a format beside its path is a request for data, as a generated client has it.
"""

import re

from diagnose.model.pages import RouteSource
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import is_in_use

#: Maximum number of pages that are returned, and of matches that are looked at.
MAX_ROUTES, _MAX_MATCHES = 40, 400
#: Maximum number of characters of a path that a script may name.
_MAX_PATH = 300
#: As many pages are a table.
_TABLE = 2

_ROUTE = lazy_pattern(
    r"\bpath[\"']?\s{0,3}[:=]\s{0,3}(?P<quote>[\"'`])(?P<path>/[\w~:][\w~:/.-]{0,80})(?P=quote)"
)
_ROUTER = lazy_pattern(
    r"\bcreate(?:Browser|Web)(?:Router|History)\b|\bBrowserRouter\b|\bhtml5Mode\b|\bpushState\s?\("
)
#: What switches addresses without "#" on: Backbone, Aurelia, Vue Router 3, AngularJS.
_HISTORY = lazy_pattern(
    r"\bpushState[\"']?\s{0,3}:\s{0,3}(?:true|!0)\b|\bmode[\"']?\s{0,3}:\s{0,3}[\"']history[\"']"
    r"|\bhtml5Mode\(\s{0,3}(?:true|!0)"
)
#: What stands before the path of a page, and not before that of data. What is pushed may be a word.
_NAMES_PAGE = (
    r"\b(?:(?:path|to|href)[\"']?\s{0,3}[:=]\s{0,3}\{?(?P<quote>[\"'`])/?"
    r"|(?:push|navigate|navigateByUrl)\s?\(\[?(?P<own>[\"'`])/)"
)
#: What an object has that is no page: the options of a request, and the attributes of a cookie. It
#: stands in the same braces; what is called with it tells the same.
_OF_REQUEST = lazy_pattern(
    r"[{,\s][\"']?(?:method|format|body|headers|secure|expires|maxAge|max_age|sameSite|httpOnly|domain"
    r"|transports|responseType|download)[\"']?\s{0,3}:"
)
_REQUESTING = lazy_pattern(
    r"(?:\b(?:fetch|axios|request|ajax|io|[cC]ookies?)|\.(?:get|post|put|patch|delete|request|set))"
    r"\s{0,3}\([^(){}]{0,80}\{[^(){}]{0,80}$"
)
#: Characters on each side of a path in which its object is looked at.
_OBJECT = 200


def routes_in(script: str) -> tuple[str, ...]:
    """Return the paths of the pages that a script names, each once; () where it has no table."""
    matches = zip(_ROUTE.finditer(script), range(_MAX_MATCHES), strict=False)
    paths = dict.fromkeys(
        match["path"]
        for match, _ in matches
        if is_in_use(script, match.start("path")) and not _is_of_request(script, match)
    )
    routes = tuple(path for path in paths if not path.startswith("/:"))[:MAX_ROUTES]
    return routes if len(routes) >= _TABLE else ()


def is_routed(path: str, route: str) -> bool:
    """Return whether a path is that of a page: ":id" stands for one part of it."""
    parts, wanted = path.rstrip("/").split("/"), route.rstrip("/").split("/")
    return len(parts) == len(wanted) and all(
        (bool(part) if re.match(r":\w", name) else part == name)
        for part, name in zip(parts, wanted, strict=True)
    )


def route_source(script: str, path: str) -> RouteSource:
    """Return how a script shows that a path, below the folder of its page, is one of its pages.

    Routers have the path of a page below another one without a slash in front (`{path: "users"}`).
    """
    routes = routes_in(script)
    if any(is_routed(path, route) for route in routes):
        return "route"
    name = path.strip("/") if len(path) <= _MAX_PATH else ""
    pattern = rf"{_NAMES_PAGE}(?P<name>{re.escape(name)})/?(?:(?P=quote)|(?P=own))"
    matches = zip(re.finditer(pattern, script) if name else (), range(_MAX_MATCHES), strict=False)
    if any(
        is_in_use(script, match.start("name")) and not _is_of_request(script, match)
        for match, _ in matches
    ):
        return "route"
    # Who has a table of other pages does not have this one.
    if routes:
        return ""
    return "history" if _HISTORY.search(script) else "router" if _ROUTER.search(script) else ""


def _is_of_request(script: str, match: re.Match[str]) -> bool:
    """Return whether the object in which a path stands is that of a request or a cookie."""
    before = script[max(0, match.start() - _OBJECT) : match.start()]
    after = script[match.end() : match.end() + _OBJECT]
    own = f"{{{re.split('[{}]', before)[-1]} {re.split('[{}]', after)[0]}"
    return _OF_REQUEST.search(own) is not None or _REQUESTING.search(before) is not None
