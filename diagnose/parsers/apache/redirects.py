"""The redirects of a virtual host (mod_alias, mod_rewrite), and what mod_rewrite passes on. No
I/O."""

import re
from collections.abc import Sequence
from dataclasses import replace

from diagnose.model.web_servers import SiteRedirect, SiteRoute
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.rewrite_conditions import conditions_hold
from diagnose.parsers.apache.routes import route_to
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.web_sites import takes

_STATUS = re.compile(r"\d{3}|permanent|temp|seeother|gone", re.IGNORECASE)
#: Patterns of RewriteRule that match every path.
_EVERY_PATH = {"^", "^(.*)$", "(.*)", "^(.*)", "(.*)$", ".*", "^.*$", "^/(.*)$", "^/?(.*)$", 
               "^/(.*)", "^/?(.*)", "."}  # fmt: skip
_OFF = {"off", "!on", "!=on", "=off"}
#: What conditions ask for that all handshakes, and all other requests, have in common.
_COMMON_SUBJECTS = {
    "%{HTTP:UPGRADE}", "%{HTTP:CONNECTION}", "%{HTTPS}", "${HTTP:UPGRADE}", "${HTTP:CONNECTION}",
    "%{HTTP_UPGRADE}", "%{HTTP_CONNECTION}",
}  # fmt: skip
_ON = {"on", "!off", "!=off", "=on"}


def redirects_and_rewritten_routes(
    inner: Sequence[Directive], tls: bool, passed: Sequence[SiteRoute] = ()
) -> tuple[tuple[SiteRedirect, ...], tuple[SiteRoute, ...]]:
    """Return the redirects and the routes of RewriteRule [P] of a virtual host, in order.

    `passed` are its routes of ProxyPass. They come before mod_alias, and after mod_rewrite: a
    Redirect of a path that one of them takes has no effect.

    `tls` decides conditions on HTTPS. Any other condition, except one on the site's name, makes a
    redirect conditional.
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
                    _rewrite(directive, conditions, tls, redirects, routes)
                conditions = []
            case "location" if directive.block and "/" in directive.args:
                inner_redirects, inner_routes = redirects_and_rewritten_routes(
                    directive.block, tls, passed
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
    redirects: list[SiteRedirect],
    routes: list[SiteRoute],
) -> None:
    pattern, target = directive.args[:2]
    flags = "".join(directive.args[2:3]).strip("[]").upper().split(",")
    outcomes = [_condition(condition, tls) for condition in conditions]
    if any("OR" in "".join(condition.args[2:]).upper() for condition in conditions):
        outcomes = [None]
    if False in outcomes:
        return
    conditional = None in outcomes
    is_redirect = any(flag == "R" or flag.startswith("R=") for flag in flags)
    if "P" in flags or "PROXY" in flags:
        # Only a parameter of ProxyPass lets mod_proxy_http pass an upgrade on.
        route = route_to(pattern, target, directive, True)
        is_plain = not ({"NC", "NOCASE"} & set(flags) or pattern.startswith("!"))
        pages, websockets = (
            _is_for(conditions, tls, websocket) if is_plain else None for websocket in (False, True)
        )
        routes.append(replace(route, for_pages=pages, for_websockets=websockets))
    elif is_redirect or re.match(r"https?://", target):
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


def _is_for(conditions: Sequence[Directive], tls: bool, websocket: bool) -> bool | None:
    """Return whether the conditions are true for an ordinary request, or for a handshake; None if
    they ask for anything that differs between such requests."""
    subjects = {"".join(condition.args[:1]).upper() for condition in conditions}
    if not subjects <= _COMMON_SUBJECTS:
        return None
    return conditions_hold(conditions, ServerRequest("/", tls=tls, websocket=websocket))


def _condition(condition: Directive, tls: bool) -> bool | None:
    """Return whether a RewriteCond is true on this virtual host; None if a request decides. One
    that compares the site's name with a name is taken as true: certbot writes those."""
    words = [word.lower() for word in condition.args]
    if len(words) < 2:
        return None
    subject, test = words[0], words[1]
    if subject == "%{https}":
        return (not tls) if test in _OFF else tls if test in _ON else None
    if subject == "%{server_port}":
        if test in {"80", "^80$", "=80", "!443", "!^443$"}:
            return not tls
        return tls if test in {"443", "^443$", "=443", "!80", "!^80$"} else None
    if subject == "%{server_name}" and test.startswith("="):
        return True
    return None
