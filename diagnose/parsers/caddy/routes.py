"""Where a site of Caddy's passes requests on, and where it redirects. No I/O.

The matchers are those of Caddy's JSON (module http.matchers). Only `path` is evaluated, and fields
that tell a handshake of a WebSocket from other requests; any other makes a route a pattern, and a
redirect conditional. A path that a handler rewrites is followed:
what comes behind it, matchers too, gets the new one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRedirect, SiteRoute, Verification
from diagnose.parsers.caddy.document import (
    MAX_DEPTH,
    asks_first,
    at,
    dictionaries,
    dictionary,
    text_of,
    texts,
)
from diagnose.parsers.caddy.matchers import route_matches
from diagnose.parsers.caddy.rewrites import replacements, stripped_prefix, target_of
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest

#: Maximum number of routes of a site, and of times that a rewrite parts the requests.
MAX_ROUTES, MAX_PARTS = 500, 4

#: Handlers that end a request without passing it on.
_ANSWERS = {"static_response", "file_server", "error", "acme_server", "metrics"}


@frozen
class _Condition:
    """The requests that reach a handler: their path begins with `path`, or is it (`exact`);
    `pattern` is True if more decides, and `pages` and `websockets` whether that is true for an
    ordinary request and for a handshake, None if it is not known. In place of `path` the handler
    gets `inner`, and nothing but that if `fixed` is True."""

    path: str = "/"
    exact: bool = False
    pattern: bool = False
    inner: str = "/"
    fixed: bool = False
    pages: bool | None = None
    websockets: bool | None = None


@frozen
class SiteParts:
    """The routes, redirects and folder of a site. A route without host and socket is answered by
    Caddy itself. `guards` are the applications that are asked first whether a request may go on."""

    routes: tuple[SiteRoute, ...]
    redirects: tuple[SiteRedirect, ...]
    root: str
    guards: tuple[SiteRoute, ...] = ()


@frozen
class _Guard:
    route: SiteRoute


def parts_of(routes: list[dict[str, object]]) -> SiteParts:
    """Return what the routes of a site lead to."""
    parts = list(_walk(routes, _Condition(), 0))[:MAX_ROUTES]
    return SiteParts(
        tuple(part for part in parts if isinstance(part, SiteRoute)),
        tuple(part for part in parts if isinstance(part, SiteRedirect)),
        next((part for part in parts if isinstance(part, str)), ""),
        tuple(part.route for part in parts if isinstance(part, _Guard)),
    )


def _walk(
    routes: Sequence[dict[str, object]],
    outer: _Condition,
    depth: int,
    drops: bool = False,
    parts: int = 0,
) -> Iterator[SiteRoute | SiteRedirect | _Guard | str]:
    """Yield what the routes lead to. `drops` is whether the upgrade of a WebSocket is taken away,
    and `parts` how often the requests were parted by a rewrite."""
    if depth > MAX_DEPTH:
        yield _own_answer(_Condition(pattern=True))
        return
    taken: set[str] = set()
    for number, route in enumerate(routes, 1):
        group, handlers = text_of(route.get("group")), dictionaries(route.get("handle"))
        if group and group in taken:
            continue
        later = [each for each in routes[number:] if not group or each.get("group") != group]
        for condition in _conditions(route, outer):
            current = condition
            for place, handler in enumerate(handlers, 1):
                name = text_of(handler.get("handler"))
                if name == "subroute":
                    inner = dictionaries(handler.get("routes"))
                    yield from _walk(inner, current, depth + 1, drops, parts)
                elif name == "headers" and condition == outer:
                    drops = drops or _drops_upgrade(handler.get("request"))
                elif name == "rewrite":
                    *narrow, current = _rewritten(current, handler)
                    own: dict[str, object] = {"handle": handlers[place:]}
                    for part in narrow if parts < MAX_PARTS else ():
                        yield from _walk([own, *later], part, depth, drops, parts + 1)
                elif name != "vars" or condition == _Condition():
                    yield from _answers(handler, current, drops)
            if condition == outer and group:
                taken.add(group)
            if current == condition:
                continue
            if condition == outer:
                outer = current
            elif not condition.pattern and parts < MAX_PARTS:
                # What follows gets the new path of these requests, and the old one of all others.
                yield from _walk(later, current, depth, drops, parts + 1)


def _answers(
    handler: dict[str, object], current: _Condition, drops: bool
) -> Iterator[SiteRoute | SiteRedirect | _Guard | str]:
    """Yield what a handler that leads to no other route makes of the requests of a condition; the
    folder of the site ("vars") as a text."""
    match text_of(handler.get("handler")):
        case "vars":
            yield clean(text_of(handler.get("root")), 500)
        case "reverse_proxy":
            proxied = _proxied(handler, current, drops)
            yield _Guard(proxied) if asks_first(handler) else proxied
        case name if name in _ANSWERS:
            yield from _static_responses(handler, current)


def _conditions(route: dict[str, object], outer: _Condition) -> Iterator[_Condition]:
    """Return the conditions of a route, one for each path: matcher sets are alternatives."""
    sets = dictionaries(route.get("match"))
    if not sets:
        yield outer
    for matchers in sets:
        paths = texts(matchers.get("path"))
        is_pattern = outer.pattern or bool(set(matchers) - {"path"})
        pages, websockets = (None, None) if outer.pattern else _kinds(matchers)
        if not paths:
            yield replace(outer, pattern=is_pattern, pages=pages, websockets=websockets)
        for path in paths:
            for condition in _path_conditions(path, outer, is_pattern):
                is_plain = "*" not in path.removesuffix("*") and "{" not in path
                kinds = (pages, websockets) if is_plain else (None, None)
                yield replace(condition, pages=kinds[0], websockets=kinds[1])


def _kinds(matchers: dict[str, object]) -> tuple[bool | None, bool | None]:
    """Return whether matchers about fields alone are true for an ordinary request, and for a
    handshake; (None, None) if that is not known, or others are there, too."""
    if set(matchers) - {"path"} != {"header"}:
        return None, None
    fields: dict[str, object] = {"match": [{"header": matchers["header"]}]}
    kinds = (
        route_matches(fields, ServerRequest("/")),
        route_matches(fields, ServerRequest("/", websocket=True)),
    )
    return (None, None) if None in kinds else kinds


def _path_conditions(path: str, outer: _Condition, is_pattern: bool) -> Iterator[_Condition]:
    """Yield the condition of a path matcher, if requests of the outer one can meet it: "/a" is that
    path alone, "/a*" and "/a/*" begin. A matcher sees the rewritten path."""
    prefix, has_more = path.removesuffix("*"), path.endswith("*")
    if "*" in prefix or "{" in path or not path.startswith("/"):
        yield replace(outer, pattern=True)
    elif outer.fixed or outer.exact:
        if outer.inner == prefix or (has_more and outer.inner.startswith(prefix)):
            yield replace(outer, pattern=is_pattern)
    elif prefix.startswith(outer.inner):
        own = clean(f"{outer.path}{prefix[len(outer.inner) :]}", 500)
        yield _Condition(own, not has_more, is_pattern, clean(prefix, 500))
    elif has_more and outer.inner.startswith(prefix):
        yield replace(outer, pattern=is_pattern)


def _rewritten(condition: _Condition, handler: dict[str, object]) -> list[_Condition]:
    """Return the conditions with the new paths: those for a part of the requests come first. A path
    that is not known is that of the request."""
    target = target_of(handler)
    if target is None:
        return [condition]
    conditions = [condition]
    prefix = stripped_prefix(handler)
    for old, new in ((prefix, ""), *replacements(handler)) if prefix else replacements(handler):
        conditions = [
            part for each in conditions for part in _replaced(each, old, new, old == prefix)
        ]
    before, is_whole = target
    if not (before or is_whole):
        return conditions
    if is_whole:
        return [replace(each, inner=clean(f"{before}{each.inner}", 500)) for each in conditions]
    return [replace(condition, inner=clean(before, 500), fixed=True)]


def _replaced(condition: _Condition, old: str, new: str, at_start: bool) -> list[_Condition]:
    """Return the conditions after a part of the path was replaced, or taken off its beginning."""
    inner = condition.inner
    if inner.startswith(old) if at_start else old in inner:
        changed = inner.replace(old, new, 1) if at_start else inner.replace(old, new)
        return [replace(condition, inner=changed or ("/" if condition.exact else ""))]
    is_below = old.startswith(inner) and not (condition.exact or condition.fixed)
    if not is_below:
        return [condition]
    own = clean(f"{condition.path}{old[len(inner) :]}", 500)
    return [replace(condition, path=own, inner=new), condition]


def _own_answer(condition: _Condition) -> SiteRoute:
    return SiteRoute(
        condition.path, "", scheme="", pattern=condition.pattern, exact=condition.exact
    )


def _static_responses(
    handler: dict[str, object], condition: _Condition
) -> Iterator[SiteRoute | SiteRedirect]:
    if handler.get("pass_thru"):
        return
    location = next(iter(texts(at(handler, "headers", "Location"))), "")
    if location:
        yield SiteRedirect(
            condition.path,
            clean(_plain(location), 500),
            conditional=condition.pattern,
            exact=condition.exact,
        )
    yield _own_answer(condition)


def _plain(location: str) -> str:
    """Return a target as a Caddyfile writes it."""
    return location.replace("{http.request.host}", "{host}").replace("{http.request.uri}", "{uri}")


def _drops_upgrade(operations: object) -> bool:
    """Return whether operations on the fields of a request (module http.handlers.headers) take the
    upgrade of a WebSocket away (RFC 6455 section 4.1)."""
    deleted = {name.lower() for name in texts(at(operations, "delete"))}
    fields = {
        name.lower(): texts(value) for name, value in dictionary(at(operations, "set")).items()
    }
    return any(
        name in deleted or (name in fields and not _keeps(fields[name], token))
        for name, token in (("upgrade", "websocket"), ("connection", "upgrade"))
    )


def _keeps(values: list[str], token: str) -> bool:
    """Return whether a field that is set has the token, or a placeholder that may have it."""
    return any(token in value.lower() or "{" in value for value in values)


def _proxied(handler: dict[str, object], condition: _Condition, drops: bool) -> SiteRoute:
    upstreams = dictionaries(handler.get("upstreams"))
    dial = clean(text_of(upstreams[0].get("dial")), 300) if upstreams else ""
    transport = dictionary(handler.get("transport"))
    replaced = next(iter(texts(at(handler, "headers", "request", "set", "Host"))), "")
    scheme = "https" if "tls" in transport else "http"
    scheme = "fcgi" if transport.get("protocol") == "fastcgi" else scheme
    is_decided = condition.pattern and condition.pages is not None and not condition.fixed
    rest = "" if condition.exact else "(.*)"
    socket = dial.removeprefix("unix/") if dial.startswith("unix/") else ""
    host, port = ("", 0) if socket or len(upstreams) != 1 else _endpoint(dial)
    return SiteRoute(
        f"^{re.escape(condition.path)}{rest}$" if is_decided else condition.path,
        f"{scheme}://{dial}",
        scheme=scheme,
        host=host,
        port=port,
        socket=socket,
        backend_path=f"{condition.inner}{'$1' if rest else ''}" if is_decided else condition.inner,
        for_pages=condition.pages if is_decided else None,
        for_websockets=condition.websockets if is_decided else None,
        websocket=not (
            scheme == "fcgi" or drops or _drops_upgrade(at(handler, "headers", "request"))
        ),
        pattern=condition.pattern,
        exact=condition.exact,
        fixed_path=condition.fixed,
        verify=_verification(transport) if scheme == "https" else "",
        server_name=clean(text_of(at(transport, "tls", "server_name")), 255),
        authorities=_authorities(transport),
        members=_members(upstreams),
        keeps_host=not replaced or replaced == "{http.request.host}",
        sent_host="" if "{" in replaced else clean(replaced, 255),
    )


def _members(upstreams: Sequence[dict[str, object]]) -> tuple[str, ...]:
    """Return the applications of a `reverse_proxy` with several, as "host:port"; () if it has one,
    or one of them is not written so."""
    dials = [clean(text_of(upstream.get("dial")), 300) for upstream in upstreams[:20]]
    endpoints = [_endpoint(dial) for dial in dials]
    are_known = len(dials) > 1 and all(port for _, port in endpoints)
    return tuple(f"{bracketed(host)}:{port}" for host, port in endpoints) if are_known else ()


def _verification(transport: dict[str, object]) -> Verification:
    return "none" if at(transport, "tls", "insecure_skip_verify") is True else "all"


def _authorities(transport: dict[str, object]) -> str:
    """Return the file of trusted authorities; older versions have another name for it."""
    new = texts(at(transport, "tls", "ca", "pem_files"))
    return clean(next(iter((*new, *texts(at(transport, "tls", "root_ca_pem_files")))), ""), 300)


def _endpoint(dial: str) -> tuple[str, int]:
    """Split "host:port"; ("", 0) if a placeholder or a range makes it uncertain."""
    host, _, port = dial.rpartition(":")
    if "{" in dial or "/" in dial or not (port.isascii() and port.isdigit()):
        return "", 0
    return host.strip("[]") or "localhost", int(port) if int(port) < 65536 else 0
