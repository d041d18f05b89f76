"""Follows a request through Caddy's routes to the folder whose files answer it. No I/O.

`root` is the last that was set on the way. `try_files` is a rewrite of what is no file
(http.matchers.file), and comes before `reverse_proxy` (Caddyfile, "Directive order"): of what it
rewrites the application's route sees the new path. An application whose route comes after the
`file_server` that answers is bypassed as well: in a `route`, and behind a `handle` without a
matcher, which comes before `reverse_proxy`. A `file_server` behind the `reverse_proxy` that answers
is passed over: `reverse_proxy` comes before it, wherever they stand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from diagnose.model.server_rules import ServedFolder
from diagnose.parsers.caddy.answering_rules import rewritten
from diagnose.parsers.caddy.document import (
    MAX_DEPTH,
    application_of,
    asks_first,
    at,
    dictionaries,
    dictionary,
    text_of,
    texts,
)
from diagnose.parsers.caddy.matchers import route_matches, words_of
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest

_PLACEHOLDER = "{http.matchers.file.relative}"

#: Handlers that answer, so that no file does.
_ANSWERS = {"static_response", "error", "acme_server", "metrics"}


@dataclass
class _Walk:
    """A request on its way; `ended` is True if something answered it."""

    request: ServerRequest
    root: str = ""
    prefix: str = ""
    fallback: str = ""
    by_rewrite: bool = False
    bypassed: str = ""
    matcher: str = ""
    application: str = ""
    passed_over: str = ""
    found: bool = False
    ended: bool = False


def served_folder(document: object, request: ServerRequest) -> ServedFolder | None:
    """Return the folder that answers the request; None if none does for certain."""
    for walk in _walks(document, request):
        if walk.by_rewrite and not walk.bypassed:
            continue  # who answers the path that it is rewritten to, is not followed
        if walk.found and (walk.root.startswith("/") or not walk.root):
            return ServedFolder(
                request.path,
                clean(walk.root, 500),
                clean(walk.request.path, 500),
                prefix=clean(walk.prefix, 500),
                fallback=clean(walk.fallback, 500),
                bypassed=clean(walk.bypassed, 300),
                matcher=clean(walk.matcher, 300),
                websocket=request.websocket,
                by_rewrite=walk.by_rewrite,
            )
    return None


def passed_over_folder(document: object, request: ServerRequest) -> tuple[str, str]:
    """Return the folder from which a file_server would answer the request, had no application
    answered it before, and that application ("127.0.0.1:8000"); "" twice if there is none, or if
    the path is changed on the way."""
    for walk in _walks(document, request):
        if walk.passed_over.startswith("/") and walk.request.path == request.path:
            return clean(walk.passed_over, 500), clean(walk.application, 300)
    return "", ""


def _walks(document: object, request: ServerRequest) -> Iterator[_Walk]:
    """Yield the request's way through each server of its port."""
    for server in list(dictionary(at(document, "apps", "http", "servers")).values())[:100]:
        listens = texts(at(server, "listen"))
        if not any(listen.rpartition(":")[2] == str(request.port) for listen in listens):
            continue
        walk = _Walk(request)
        _follow(walk, dictionaries(at(server, "routes")), 0)
        yield walk


def _follow(walk: _Walk, routes: Sequence[dict[str, object]], depth: int) -> None:
    groups: set[str] = set()
    for number, route in enumerate(routes if depth <= MAX_DEPTH else (), 1):
        group = text_of(route.get("group"))
        if group and group in groups:
            continue
        if _rewrites_to_files(route):
            walk.fallback = _last_try(route) or walk.fallback
            continue
        if target := _rewrite_of_missing(route):
            groups.add(group)
            walk.fallback, walk.by_rewrite = target, True
            continue
        truth = route_matches(route, walk.request)
        if truth is None:
            walk.ended = True  # what follows is not known
            return
        if truth is False:
            continue
        if truth and walk.fallback and _misses_fallback(walk, route):
            continue
        groups.add(group)
        prefix = _prefix(route)
        walk.prefix = prefix or walk.prefix
        is_last = route.get("terminal") is True
        handlers = dictionaries(route.get("handle"))
        for place, handler in enumerate(handlers, 1):
            _handle(walk, handler, depth)
            if walk.ended:
                own: dict[str, object] = {"handle": handlers[place:]}
                later = [own, *([] if is_last else routes[number:])]
                if walk.found:
                    _look_behind(walk, later, groups, "", depth)
                elif walk.application and not walk.fallback:
                    _look_for_files(walk, later, groups, depth)
                return
        if is_last:
            walk.ended = True
            return


def _look_behind(
    walk: _Walk, routes: Sequence[dict[str, object]], groups: set[str], words: str, depth: int
) -> None:
    """Note the application that would take the request, had no file_server answered it, if its
    route is for some requests alone. `groups` are those of which a route was taken."""
    for route in routes if depth <= MAX_DEPTH and not walk.bypassed else ():
        group = text_of(route.get("group"))
        if (group and group in groups) or route_matches(route, walk.request) is not True:
            continue
        condition = words_of(route) or words
        for handler in dictionaries(route.get("handle")):
            name = text_of(handler.get("handler"))
            if name == "subroute":
                inner = dictionaries(handler.get("routes"))
                _look_behind(walk, inner, set(), condition, depth + 1)
            elif name == "reverse_proxy" and condition and not asks_first(handler):
                upstreams = dictionaries(handler.get("upstreams"))
                walk.bypassed = text_of(upstreams[0].get("dial")) if upstreams else ""
                walk.matcher = condition
                return


def _look_for_files(
    walk: _Walk, routes: Sequence[dict[str, object]], groups: set[str], depth: int
) -> bool:
    """Note the folder of the file_server that would take the request, had no application answered
    it; return whether the way ends here. `groups` are those of which a route was taken."""
    for route in routes if depth <= MAX_DEPTH and not walk.passed_over else ():
        group = text_of(route.get("group"))
        if group and group in groups:
            continue
        truth = route_matches(route, walk.request)
        if truth is False:
            continue
        if truth is None:
            return True
        groups.add(group)
        for handler in dictionaries(route.get("handle")):
            name = text_of(handler.get("handler"))
            if name == "subroute":
                inner = dictionaries(handler.get("routes"))
                if _look_for_files(walk, inner, set(), depth + 1):
                    return True
            elif name == "vars":
                walk.root = text_of(handler.get("root")) or walk.root
            elif name == "file_server":
                walk.passed_over = text_of(handler.get("root")) or walk.root
                return True
            elif name in {"rewrite", "reverse_proxy"} or name in _ANSWERS:
                return True
        if route.get("terminal") is True:
            return True
    return bool(walk.passed_over)


def _misses_fallback(walk: _Walk, route: dict[str, object]) -> bool:
    """Return whether a route takes the request, and not the fallback that it was rewritten to; note
    the application that does not get it therefore."""
    fallback_request = replace(walk.request, path=walk.fallback)
    if route_matches(route, fallback_request) is not False:
        return False
    if not walk.bypassed and (application := application_of(route, 0)):
        walk.bypassed, walk.matcher = application, words_of(route)
    return True


def _handle(walk: _Walk, handler: dict[str, object], depth: int) -> None:
    name = text_of(handler.get("handler"))
    if name == "subroute":
        _follow(walk, dictionaries(handler.get("routes")), depth + 1)
    elif name == "vars":
        walk.root = text_of(handler.get("root")) or walk.root
    elif name == "rewrite":
        before = walk.request.path
        walk.request = rewritten(walk.request, handler)
        walk.prefix = walk.prefix if walk.request.path == before else ""
    elif name == "file_server":
        walk.root = text_of(handler.get("root")) or walk.root
        walk.found = walk.ended = not handler.get("pass_thru")
    elif (name == "reverse_proxy" and not asks_first(handler)) or name in _ANSWERS:
        walk.ended = True
        upstreams = dictionaries(handler.get("upstreams"))
        is_http = text_of(at(handler, "transport", "protocol")) in {"", "http"}
        walk.application = text_of(upstreams[0].get("dial")) if upstreams and is_http else ""


def _rewrites_to_files(route: dict[str, object]) -> bool:
    """Return whether a route is `try_files` without a matcher of its own."""
    sets = dictionaries(route.get("match"))
    handlers = dictionaries(route.get("handle"))
    is_alone = len(sets) == 1 and set(sets[0]) == {"file"}
    return is_alone and any(
        text_of(handler.get("uri")).startswith(_PLACEHOLDER) for handler in handlers
    )


def _rewrite_of_missing(route: dict[str, object]) -> str:
    """Return the path to which a `rewrite` leads whatever is no file (`not file`); "" if the route
    is another one."""
    sets = dictionaries(route.get("match"))
    if len(sets) != 1 or sets[0] != {"not": [{"file": {}}]}:
        return ""
    handlers = dictionaries(route.get("handle"))
    uris = [
        text_of(handler.get("uri")) for handler in handlers if handler.get("handler") == "rewrite"
    ]
    path = uris[0].partition("?")[0] if len(uris) == 1 else ""
    return path if path.startswith("/") and "{" not in path else ""


def _last_try(route: dict[str, object]) -> str:
    """Return the last file that `try_files` tries, if it is the same for every request."""
    files = texts(at(dictionaries(route.get("match"))[0], "file", "try_files"))
    last = files[-1].partition("?")[0] if files else ""
    return last if last.startswith("/") and "{" not in last else ""


def _prefix(route: dict[str, object]) -> str:
    """Return "/docs" of a route for "/docs/*" alone; "" for any other."""
    sets = dictionaries(route.get("match"))
    paths = texts(sets[0].get("path")) if len(sets) == 1 and set(sets[0]) == {"path"} else []
    is_folder = len(paths) == 1 and paths[0].endswith("/*") and paths[0].count("*") == 1
    return paths[0].removesuffix("/*") if is_folder else ""
