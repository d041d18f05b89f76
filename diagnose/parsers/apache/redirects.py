"""The redirects of a virtual host (mod_alias, mod_rewrite), and what mod_rewrite passes on. No
I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnose.model.web_servers import SiteRedirect, SiteRoute
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.rewrite_conditions import (
    OF_ONE_PATH,
    alternatives,
    condition_truth,
    conditions_hold,
    is_constant,
    path_test,
)
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.apache.routes import route_to
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest, all_of, any_of
from diagnose.parsers.web_sites import takes

_STATUS = re.compile(r"\d{3}|permanent|temp|seeother|gone", re.IGNORECASE)
#: Patterns of RewriteRule that match every path.
_EVERY_PATH = {"^", "^(.*)$", "(.*)", "^(.*)", "(.*)$", ".*", "^.*$", "^/(.*)$", "^/?(.*)$", 
               "^/(.*)", "^/?(.*)", "."}  # fmt: skip
#: Variables that all requests of a virtual host have in common.
_OF_SITE = {"%{https}", "%{server_port}", "%{request_scheme}"}
#: Variables with the name of the site that a visitor asks for.
_NAMES = frozenset({"HTTP_HOST", "HTTP:HOST", "SERVER_NAME"})
#: What Engine.IO, and so Socket.IO, asks for in the query of a handshake.
_ENGINE_HANDSHAKE = "transport=websocket"


def redirects_and_rewritten_routes(
    inner: Sequence[Directive],
    tls: bool,
    passed: Sequence[SiteRoute] = (),
    names: Sequence[str] = (),
) -> tuple[tuple[SiteRedirect, ...], tuple[SiteRoute, ...]]:
    """Return the redirects and the routes of RewriteRule [P] of a virtual host, in order.

    `passed` are its routes of ProxyPass. They come before mod_alias, and after mod_rewrite: a
    Redirect of a path that one of them takes has no effect.

    `tls` decides conditions on HTTPS, and `names`, those of the site, the conditions of a route on
    the name. Any other condition, except one on the site's name, makes a redirect conditional.
    """
    redirects: list[SiteRedirect] = []
    routes: list[SiteRoute] = []
    engine = False
    conditions: list[Directive] = []
    for directive in inner:
        match directive.name:
            case "redirect" | "redirectpermanent" | "redirecttemp" | "redirectmatch":
                redirects += [
                    redirect
                    for redirect in _redirect(directive)
                    if not _is_hidden(redirect, passed)
                ]
            case "rewriteengine":
                engine = "".join(directive.args[:1]).lower() == "on"
            case "rewritecond":
                conditions.append(directive)
            case "rewriterule":
                if engine and len(directive.args) > 1:
                    _rewrite(directive, conditions, tls, names, redirects, routes)
                conditions = []
            case "location" if directive.block and "/" in directive.args:
                inner_redirects, inner_routes = redirects_and_rewritten_routes(
                    directive.block, tls, passed, names
                )
                redirects += inner_redirects
                routes += [route for route in inner_routes if _takes_all_in_a_section(route)]
    return tuple(redirects), tuple(routes)


def _takes_all_in_a_section(route: SiteRoute) -> bool:
    """Return whether a RewriteRule inside of <Location /> is for every path. It is compared with
    the file name there, or with the URL of a ProxyPass, and "$1" is a part of that."""
    return route.path in _EVERY_PATH and "/" not in route.path and "$" not in route.target


def _is_hidden(redirect: SiteRedirect, passed: Sequence[SiteRoute]) -> bool:
    """Return whether a route takes all that the redirect is for."""
    routes = (route for route in passed if not route.pattern and route.scheme)
    return any(takes(route.path, redirect.path) for route in routes)


def _redirect(directive: Directive) -> list[SiteRedirect]:
    """Parse "Redirect [status] [path] URL"."""
    words = list(directive.args)
    if words and _STATUS.fullmatch(words[0]) and directive.name in {"redirect", "redirectmatch"}:
        status = words.pop(0).lower()
        if status == "gone" or status.startswith(("2", "4", "5")):
            return []
    if not words:
        return []
    path, target = (words[0], words[1]) if len(words) > 1 else ("/", words[0])
    if "://" not in target and not target.startswith("/"):
        return []
    return [
        SiteRedirect(
            clean(path, 500),
            clean(target, 500),
            directive.name == "redirectmatch",
            False,
            directive.file,
            directive.line,
        )
    ]


def _rewrite(
    directive: Directive,
    conditions: Sequence[Directive],
    tls: bool,
    names: Sequence[str],
    redirects: list[SiteRedirect],
    routes: list[SiteRoute],
) -> None:
    pattern, target = directive.args[:2]
    flags = rewrite_flags(directive)
    outcome = all_of(
        any_of(_condition(condition, tls) for condition in group)
        for group in alternatives(conditions)
    )
    if outcome is False:
        return
    conditional = outcome is None
    if "P" in flags:
        # Only a parameter of ProxyPass lets mod_proxy_http pass an upgrade on.
        route = route_to(pattern, target, directive, True)
        route = replace(route, folds_case="NC" in flags)
        # A path that a pattern with "!" does not match is not known by a pattern.
        is_plain = not pattern.startswith("!")
        routes.append(_with_conditions(route, conditions, tls, names) if is_plain else route)
    elif _is_redirect(target, flags):
        every_path = pattern in _EVERY_PATH
        redirects.append(
            SiteRedirect(
                "/" if every_path else clean(pattern, 500),
                clean(target, 500),
                not every_path,
                conditional,
                directive.file,
                directive.line,
            )
        )


def _is_redirect(target: str, flags: Mapping[str, str]) -> bool:
    """Return whether a rule redirects; one with the status of an error (R=404) refuses."""
    if "R" in flags:
        return not flags["R"].startswith(("4", "5"))
    return re.match(r"https?://", target) is not None


def _with_conditions(
    route: SiteRoute, conditions: Sequence[Directive], tls: bool, names: Sequence[str]
) -> SiteRoute:
    """Return a route with what its conditions ask: of the path, and whether all others are true for
    an ordinary request and for a handshake."""
    groups = [(path_test(group), group) for group in alternatives(conditions)]
    others = [condition for test, group in groups if test is None for condition in group]
    tests = tuple(test for test, _ in groups if test is not None)
    patterns = (route.path, *(test.pattern for test in tests if not test.negated))
    engine = any("socket.io" in pattern.replace("\\", "") for pattern in patterns)
    pages, websockets = (
        _is_for(others, tls, websocket, engine, names) for websocket in (False, True)
    )
    return replace(route, for_pages=pages, for_websockets=websockets, path_tests=tests)


def _is_for(
    conditions: Sequence[Directive], tls: bool, websocket: bool, engine: bool, names: Sequence[str]
) -> bool | None:
    """Return whether the conditions are true for all ordinary requests, or for all handshakes; None
    if that differs between them, by the path or by the site's name. `engine` is whether the paths
    are those of Engine.IO."""
    port, query = 443 if tls else 80, ""
    # Without a name of its own, or with "*" in one, a site has more names than these.
    are_known = bool(names) and not re.search(r"[*?]", "".join(names))
    unknown = OF_ONE_PATH if are_known else OF_ONE_PATH | _NAMES
    if any(_ENGINE_HANDSHAKE in "".join(condition.args[1:2]) for condition in conditions):
        # Only a handshake of Engine.IO has this in its query, and each of them has it.
        query = _ENGINE_HANDSHAKE if websocket else ""
        unknown -= {"QUERY_STRING"} if engine or not websocket else set()
    truths = {
        conditions_hold(
            conditions, ServerRequest("/", query, name, port, tls, websocket=websocket), unknown
        )
        for name in (names if are_known else ("",))
    }
    return truths.pop() if len(truths) == 1 else None


def _condition(condition: Directive, tls: bool) -> bool | None:
    """Return whether a RewriteCond is true on this virtual host; None if a request decides. One
    that compares the site's name with a name is taken as true: certbot writes those."""
    words = [word.lower() for word in condition.args]
    if len(words) > 1 and words[0] == "%{server_name}" and words[1].startswith("="):
        return True
    is_known = "".join(words[:1]) in _OF_SITE or is_constant("".join(words[:1]))
    if not is_known:
        return None
    return condition_truth(condition, ServerRequest("/", port=443 if tls else 80, tls=tls))
