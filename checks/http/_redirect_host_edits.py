"""The remedies of http.redirect-wrong-host, for nginx and for other servers."""

from typing import TYPE_CHECKING

from checks.http import (
    _redirect_edits,
    _redirects,
    works_over_https,
)
from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from diagnose.model import (
    Applicability,
    Evidence,
    Fix,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.server._redirect_lines import RedirectLine

#: A variable in the place of a host, in the words of nginx, Apache, HAProxy or Caddy.
_VARIABLE = lazy_pattern(
    r"^https?://[^/]*?(%\{[\w:.-]{1,60}\}|%\[[^\]/]{1,60}\]|\$\{?\w{1,40}\}?|\{[\w.]{1,60}\})"
)
#: An argument that needs no quotes.
_PLAIN = lazy_pattern(r"[^\s;{}\"'\\]+")


def server_line(evidence: Evidence, step: Exchange) -> "RedirectLine | None":
    """Return the line of another server than nginx that makes the redirect, None if there is none
    or more."""
    from checks.server import server_view
    from checks.server._redirect_lines import redirecting_line

    view = server_view(evidence)
    return redirecting_line(view, step) if view and step.port in view.server.ports else None


def host_fix(evidence: Evidence, step: Exchange, host: str) -> Fix | None:
    """Return the fix of another server than nginx, if it tells the application this very host."""
    from checks.server import server_on_port
    from checks.server._backend_answers import route_to_application

    view, url = server_on_port(evidence), parse_url(step.url)
    route = route_to_application(view, url.path) if view and url else None
    if route is None or url is None or step.port != evidence.target.port:
        return None
    if route.keeps_host or route.replacement_host.lower() not in {host, f"{host}:80"}:
        return None
    from checks.http._forwarded_scheme import server_fix

    return server_fix(evidence, url.path, "host")


def inner_address_fix(evidence: Evidence, step: Exchange) -> Fix | None:
    """Return the fix of Apache, HAProxy or Caddy that writes the visitors' address into redirects
    of an application to the very address at which the server asks it, as nginx does by itself
    (ngx_http_proxy_module, "proxy_redirect default"), or to the visitors' name at that port."""
    from checks.server import reload_steps, server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._location_lines import location_steps

    view, url = server_on_port(evidence), parse_url(step.url)
    onward = parse_url(redirect_target(step) or "")
    route = route_to_application(view, url.path) if view and url else None
    if view is None or route is None or onward is None or onward.secure:
        return None
    is_local = all(map(is_local_host, (onward.host, route.host)))
    is_same = is_local or onward.host in {route.host, evidence.target.host}
    is_own = is_same and onward.port == route.port and step.port == evidence.target.port
    if not is_own or route.path != "/" or route.backend_path not in {"", "/"}:
        return None
    steps = location_steps(view, route, onward.authority)
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW) if steps else None


def server_fix_of_line(evidence: Evidence, steps: list[Exchange]) -> Fix | None:
    """Return the fix of the redirect of another server than nginx, to the site itself."""
    from checks.server import server_view
    from checks.server._redirect_lines import (
        VARIABLE_MARKS,
        slash_fix,
        target_fix,
        variable_fix,
        visitors_host,
    )

    view, line = server_view(evidence), server_line(evidence, steps[0])
    if view and line and (slashed := slash_fix(view, line, redirect_target(steps[0]) or "")):
        return slashed
    if any(step.url.startswith("https:") for step in steps) or view is None or line is None:
        return None
    is_variable = bool(VARIABLE_MARKS.intersection(steps[0].header("Location") or ""))
    has_https = works_over_https(evidence) or (
        view.config is not None and any(socket.port == 443 for socket in view.config.listens)
    )
    if is_variable and has_https:
        return variable_fix(view, line)
    if not works_over_https(evidence):
        return None
    return target_fix(view, line, "https", visitors_host(evidence, view.server.product, line))


def unknown_variable(step: Exchange) -> str:
    """Return the variable that stands as it is written in the place of a redirect's host; "" for
    none."""
    match = _VARIABLE.search(step.header("Location") or "")
    return clean(match[1], 60) if match else ""


def other_product(evidence: Evidence, step: Exchange) -> str:
    """Return Apache, HAProxy or Caddy, in small letters, if it is the server that answers; "" for
    nginx and for a server that was not seen."""
    from checks.server import server_view

    view = server_view(evidence)
    product = view.server.product if view and step.port in view.server.ports else ""
    return product if product in {"apache", "caddy", "haproxy"} else ""


def line_fix(evidence: Evidence, line: "RedirectLine | None") -> Fix | None:
    """Return the fix in which a person corrects the line of another server than nginx: the name to
    which it leads may be the right one, and not be there yet."""
    from checks.server import manual_fix, server_view

    view = server_view(evidence) if line else None
    return manual_fix(view, "correct-the-line") if view else None


def rewriter_fix(nginx: Nginx, match: LocationMatch | None, directive: Directive) -> Fix | None:
    """Make the redirect lead to the address that the visitor used."""
    replacement_url = parse_url(directive.args[1])
    if match is None or replacement_url is None or not all(map(_PLAIN.fullmatch, directive.args)):
        return None
    host = _location_edits.host_variable(nginx.evidence.target)
    line = f"proxy_redirect {directive.args[0]} $scheme://{host}{replacement_url.path};"
    file_edits = config_edits(nginx, {directive.file: [edits.replace_directive(directive, line)]})
    return (
        _location_edits.location_fix(nginx, match, file_edits, sure=False) if file_edits else None
    )


def nginx_fix(nginx: Nginx, reason: str, steps: list[Exchange]) -> Fix:
    """Redirect to the name that the visitor asked for, if the site works there over https.

    If the destination does not exist yet or is only down, it may be intended, so that needs review.
    """
    changes: Changes = {}
    is_other = bool(other_product(nginx.evidence, steps[0]))
    by_hand = "name-the-host-there" if is_other else "name-the-host"
    is_tried = bool(works_over_https(nginx.evidence))
    has_https = is_tried or _redirect_edits.serves_https(nginx)
    if any(step.url.startswith("https:") for step in steps) or not has_https:
        return (
            _redirect_edits.without_port(nginx, steps[0]) if reason == "silent" else None
        ) or _redirect_edits.by_hand(by_hand)
    redirects = {
        id(redirect.directive): redirect
        for step in steps
        if (redirect := _redirects.find_redirect(nginx, step))
    }
    for redirect in redirects.values():
        uri = redirect.parts[2] if redirect.parts else ""
        new_uri = uri if uri.startswith(("$request_uri", "$uri")) else "$request_uri"
        _redirect_edits.replace_target(redirect, f"https://$host{new_uri}", changes)
    return _redirect_edits.fix(
        nginx, changes, by_hand, sure=is_tried and reason in {"invalid", "inward"}
    )
