"""Routes that miss a path by the end of their matcher, or by one letter, and the edit of that
matcher (Caddy's)."""

import re
from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
from checks.http._missing_slashes import files_beside
from checks.server import ServerView, file_rows, line_edit
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.http import document_kind
from diagnose.parsers.misspellings import is_typing_error
from diagnose.parsers.urls import path_of
from diagnose.parsers.web_sites import may_take

Answer = Exchange | Upgrade | PageFileResponse

#: Paths at which programs ask for data.
_INTERFACE = re.compile(r"/(?:[a-z-]{1,20}/)?(?:api|rest|graphql)(?:/|$)|/(?:socket|engine)\.io/")

#: The least number of letters of a name that may be misspelled.
_MIN_LETTERS = 3

#: Blocks of Caddy that take the requests of a matcher.
_BLOCKS = ("handle", "handle_path", "route")

#: What stands before a path matcher on its line.
_DIRECTIVE = re.compile(
    r"\s*(?:handle|handle_path|route|reverse_proxy|php_fastcgi|file_server|root|(?:@\S{1,60}\s+)?path)\s"
)


@frozen
class NearRoute:
    """A route that nearly takes a path; `matcher` is its path matcher as it is written, and `wider`
    what would take the path. `mistyped` is True if a letter differs."""

    route: SiteRoute
    matcher: str
    wider: str
    mistyped: bool = False


def near_route(site: WebSite, path: str) -> NearRoute | None:
    """Return the first route that misses a path by the end of its matcher, or else by a letter."""
    return next(_by_end(site, path), None) or next(_by_letter(site, path), None)


def _by_end(site: WebSite, path: str) -> Iterator[NearRoute]:
    for route in site.routes:
        is_below = route.exact and path.startswith(f"{route.path.rstrip('/')}/")
        if not route.target or route.pattern or not route.path.strip("/"):
            continue
        if is_below or route.path == f"{path}/":
            yield NearRoute(route, matcher_of(route), f"{route.path.rstrip('/')}*")


def _by_letter(site: WebSite, path: str) -> Iterator[NearRoute]:
    own = path.strip("/").split("/")
    for route in site.routes:
        parts = route.path.strip("/").split("/")
        if route.pattern or not parts[0] or len(parts) > len(own):
            continue
        differing = [pair for pair in zip(parts, own, strict=False) if pair[0] != pair[1]]
        if len(differing) == 1 and is_misspelt(*differing[0]):
            right = "/".join(own[: len(parts)])
            matcher = matcher_of(route)
            wider = matcher.replace(f"/{'/'.join(parts)}", f"/{right}", 1)
            yield NearRoute(route, matcher, wider, mistyped=True)


def inner_root(view: ServerView, site: WebSite, path: str) -> NearRoute | None:
    """Return the route for "/" alone that stands inside a block of Caddy which takes a path: the
    block keeps the whole path, and `handle_path` keeps what is behind its own."""
    file = view.config.file(site.file) if view.config and site.end else None
    rows = file_rows(view, file)[site.line : site.end] if file else []
    heads: list[list[str]] = []
    for number, words in enumerate(map(str.split, rows), site.line + 1):
        is_inside = any(_takes_below(head, path) for head in heads)
        if is_inside and words[1:2] == ["/"] and words[0] in {*_BLOCKS, "reverse_proxy"}:
            route = SiteRoute(path="/", target="", file=site.file, line=number, exact=True)
            return NearRoute(route, "/", "*")
        if words[-1:] == ["{"]:
            heads.append(words)
        elif words == ["}"]:
            heads = heads[:-1]
    return None


def _takes_below(head: list[str], path: str) -> bool:
    matcher = head[1] if len(head) == 3 else ""
    is_block = head[0] in _BLOCKS
    below = matcher.removesuffix("*")
    is_below = path.startswith(below) and path != below
    return is_block and matcher.startswith("/") and matcher.endswith("*") and is_below


def is_misspelt(written: str, asked: str) -> bool:
    """Return whether a part of a path is a typing error of another one. A plural is none, but for
    that of "api"."""
    is_interface = {written, asked} == {"api", "apis"}
    return is_interface or is_typing_error(written, asked, _MIN_LETTERS)


def matcher_of(route: SiteRoute) -> str:
    return route.path if route.exact else f"{route.path}*"


def is_passed_on(site: WebSite, path: str) -> bool:
    """Return whether a route to an application takes a path, or may do so."""
    return any(route.target and may_take(route, path) for route in site.routes)


def matcher_edit(view: ServerView, site: WebSite, near: NearRoute) -> Edit | None:
    """Return the edit that writes the wider matcher in the one line of the site that has the old
    one; None if there is not one such line, or it stands in a snippet."""
    file = view.config.file(site.file) if view.config and site.end else None
    lines = file_rows(view, file)[: site.end] if file else []
    places = [
        number
        for number, line in enumerate(lines, 1)
        if number > site.line and _DIRECTIVE.match(line) and near.matcher in line.split()
    ]
    if len(places) != 1:
        return None
    line = lines[places[0] - 1]
    pattern = rf"(?<!\S){re.escape(near.matcher)}(?!\S)"
    return line_edit(
        view, site.file, {places[0]: (re.sub(pattern, lambda _: near.wider, line, count=1),)}
    )


def answers_of_files(view: ServerView) -> Iterator[tuple[str, Answer]]:
    """Yield the paths to which the site's files, or nobody, answered: 404, or the page of
    `try_files` where no page is wanted. They are the target's own, and those of the data and of the
    files that its page loads."""
    evidence, target = view.evidence, view.evidence.target
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(target)]
    is_reported = target.symptom is not None and target.symptom.kind == "data"
    for exchange in (*pages, *exchanges_by_purpose(evidence, "data")):
        path = path_of(exchange.url)
        wants_data = exchange.purpose == "data" or is_reported or bool(_INTERFACE.match(path))
        is_html = exchange.status == 200 and document_kind(exchange.body) == "html"
        is_shell = wants_data and is_html
        if path and exchange.method == "GET" and (exchange.status == 404 or is_shell):
            yield path, exchange
    beside = files_beside(evidence)  # only the slash at the end of the page's address is missing
    for file in _page_files.refused_files(evidence):
        is_answered = file.response.status == 404 or file.response.is_html
        if is_answered and file.response.url not in beside:
            yield file.path, file.response
