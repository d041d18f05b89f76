"""The page that nginx sends in the place of an error of an application with an interface:
`proxy_intercept_errors on` with `error_page 401 404 =200 /index.html`."""

from checks.nginx import Nginx
from checks.nginx._location_edits import location_fix, setting_edits
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of
from diagnose.parsers.nginx.upstreams import intercepts_errors

_SETTING = "proxy_intercept_errors"


@frozen(eq=False)
class Intercepted:
    """The location that passes a path on, and its `error_page` that answers 200 with a page."""

    match: LocationMatch
    error_page: Directive


def intercepted(nginx: Nginx, path: str) -> Intercepted | None:
    """Return what replaces the application's errors at a path by a page with status 200; None if
    nothing does."""
    for selected in () if nginx.is_refused else nginx.answering_servers():
        match = final_location(selected.server, path)
        is_passed = proxy_pass_of(match) is not None and intercepts_errors(match)
        if not is_passed or has_unknown_rules(selected.server, path):
            continue
        for line in match.directives("error_page"):
            is_page = line.args[-1:] and line.args[-1].startswith(("/", "@"))
            if is_page and any(word in {"=", "=200"} for word in line.args[:-1]):
                return Intercepted(match, line)
    return None


def intercepted_fix(nginx: Nginx, hidden: Intercepted) -> Fix | None:
    """Let the application's own errors through in this location."""
    file_edits = setting_edits(nginx, hidden.match, {_SETTING: "off"})
    return location_fix(nginx, hidden.match, file_edits, sure=False) if file_edits else None


def passing_fix(nginx: Nginx, path: str) -> Fix | None:
    """Let the application's own errors through in the location that passes a path on; None if its
    pages for visitors come from it too: they may be meant to see nginx's page."""
    for selected in () if nginx.is_refused else nginx.answering_servers():
        match = final_location(selected.server, path)
        pattern = location_pattern(match.block) if match.block.name == "location" else None
        is_passed = proxy_pass_of(match) is not None and intercepts_errors(match)
        if is_passed and pattern and pattern.text != "/":
            return intercepted_fix(nginx, Intercepted(match, match.block))
    return None
