"""Lines by which Apache, Caddy and HAProxy give cookies the attributes without which browsers
refuse them (mod_headers, "Header edit"; Caddyfile, "header"; Configuration Manual, "http-response
replace-header"). The expressions are such that all three read them."""

import re
from collections.abc import Sequence

from checks.server import ServerView, reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from checks.server._haproxy import haproxy_view
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Command, Edit, Evidence, Manual, Step
from diagnose.parsers.haproxy.conditions import host_patterns, rules_of
from diagnose.parsers.set_cookie import CookieRefusal
from diagnose.parsers.web_sites import name_matches

_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
_HOST = "__Host-"
#: An expression for the cookie's value, and what takes its place: "N" is the name, "\1" and "\2"
#: are what is kept.
_Rewrite = tuple[str, str]
_SECURE: _Rewrite = ("^(N=.*)$", r"\1; Secure")
_WITHOUT_SITE: _Rewrite = ("^(N=.*); *[Ss]ame[Ss]ite=[A-Za-z]+(.*)$", r"\1\2")
_FOR_SITES: _Rewrite = ("^(N=.*)$", r"\1; Secure; SameSite=None")
_WITHOUT_DOMAIN: _Rewrite = ("^(N=.*); *[Dd]omain=[^;]*(.*)$", r"\1\2")


def server_commands(
    evidence: Evidence, names: Sequence[str], reason: CookieRefusal, value: str = ""
) -> tuple[Command | Edit, ...]:
    """Return the commands after which the server corrects these cookies; () where it cannot, or the
    configuration does not show one place. `value` is the field of the first of them, "" if only a
    message names it."""
    view = server_on_port(evidence)
    rewrites = _rewrites(names[0] if names else "", reason, value)
    if view is None or not rewrites or not all(map(_NAME.fullmatch, names)):
        return ()
    if view.server.product == "haproxy" and _has_other_sites(evidence):
        return ()
    lines = [line for name in names for rewrite in rewrites for line in _lines(view, name, rewrite)]
    modules: tuple[Step, ...] | None = ()
    if view.server.product == "apache":
        modules = loading_steps(view, ("headers",))
    edit = inserted_edit(view, lines) if lines else None
    if edit is None or modules is None:
        return ()
    steps = (*modules, edit, *reload_steps(view.server))
    return tuple(step for step in steps if not isinstance(step, Manual))


def _has_other_sites(evidence: Evidence) -> bool:
    """Return whether HAProxy's frontend is for other names as well: their applications may have a
    cookie of the same name."""
    haproxy, host = haproxy_view(evidence), evidence.target.host
    names = host_patterns(rules_of(haproxy.proxies.frontend)) if haproxy else ()
    return any(not name_matches(name, host) for name in names)


def _rewrites(name: str, reason: CookieRefusal, value: str) -> tuple[_Rewrite, ...]:
    if reason == "same-site":
        return (_SECURE,)
    if reason == "cross-site":
        return (_WITHOUT_SITE, _FOR_SITES)
    if reason == "domain":
        return (_WITHOUT_DOMAIN,)
    attributes = [part.strip().lower() for part in value.split(";")[1:]]
    if reason != "prefix" or not attributes:
        return ()
    secure = () if "secure" in attributes else (_SECURE,)
    if not name.startswith(_HOST):
        return secure
    if "path=/" not in attributes:
        return ()  # Where the cookie is for, a person knows.
    has_domain = any(part.startswith("domain=") for part in attributes)
    return (*([_WITHOUT_DOMAIN] if has_domain else []), *secure)


def _lines(view: ServerView, name: str, rewrite: _Rewrite) -> list[str]:
    pattern, kept = rewrite[0].replace("N", name.replace(".", "[.]"), 1), rewrite[1]
    match view.server.product:
        case "apache":
            written = f'Set-Cookie "{pattern}" "{kept.replace(chr(92), "$")}"'
            return [f"Header edit {written}", f"Header always edit {written}"]
        case "caddy":
            # Before the application's response is there, no cookie is.
            written = f'\tSet-Cookie "{pattern}" "{kept.replace(chr(92), "$")}"'
            return ["header {", "\tdefer", written, "}"]
        case "haproxy":
            return [f"http-response replace-header Set-Cookie '{pattern}' '{kept}'"]
        case _:
            return []
