"""Circles of redirects in which no cookie is kept: the login sets none that a browser could send
back. nginx takes it away, or the application believes that the visitor uses http, and sets no
cookie with Secure then (Express, express-session: "secure")."""

from checks.http import _redirect_edits
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.urls import parse_url

_COOKIE = "set-cookie"
_SCHEME_FIELDS = ("X-Forwarded-Proto", "X-Forwarded-Scheme", "Forwarded", "X-Forwarded-Ssl")


@frozen(eq=False)
class LoginLoop:
    """A circle without a cookie. `hiding` is the `proxy_hide_header` that takes it away; `passing`
    the `proxy_pass` of a location that does not tell the application the visitor's scheme. `match`
    is the location of that directive. None if nginx's configuration shows no such reason."""

    hiding: Directive | None = None
    passing: Directive | None = None
    match: LocationMatch | None = None

    @property
    def facts(self) -> dict[str, object]:
        return {
            "hiding": file_line(self.hiding) if self.hiding else "",
            "no_scheme": file_line(self.passing) if self.passing else "",
        }

    def fix(self, nginx: Nginx) -> Fix | None:
        """Return the edits that let the cookie through; None if there are none."""
        changes: Changes = {}
        if self.hiding and (file := nginx.file(self.hiding)):
            changes[self.hiding.file] = [edits.remove_directive(file.text, self.hiding)]
        elif self.match and self.passing:
            fields = {"X-Forwarded-Proto": "$scheme"}
            lines = _location_edits.header_lines(nginx, self.match, fields, changes)
            _location_edits.insert_lines(nginx, self.match, lines, changes)
        if not changes:
            return None
        return _redirect_edits.fix(nginx, changes, "find-the-rule", sure=False)


def login_loop(nginx: Nginx, cycle: tuple[Exchange, ...]) -> LoginLoop:
    """Return why the pages of a circle keep no cookie."""
    urls = [parse_url(step.url) for step in cycle]
    is_site = all(url and url.secure and url.host == nginx.evidence.target.host for url in urls)
    sets_cookie = any(name.lower() == _COOKIE for step in cycle for name, _ in step.headers)
    if len(cycle) < 2 or not is_site or sets_cookie:
        return LoginLoop()
    paths = [url.path.partition("?")[0] for url in urls if url]
    matches = [match for path in paths for match in nginx.location_matches(path)]
    if not matches or not all(map(proxy_pass_of, matches)):
        return LoginLoop()
    for match in matches:
        for directive in match.directives("proxy_hide_header"):
            if directive.args and directive.args[0].lower() == _COOKIE:
                return LoginLoop(hiding=directive, match=match)
    silent = [match for match in matches if not _tells_scheme(match)]
    return LoginLoop(passing=proxy_pass_of(silent[0]), match=silent[0]) if silent else LoginLoop()


def _tells_scheme(match: LocationMatch) -> bool:
    return any(proxy_set_header_of(match, name) for name in _SCHEME_FIELDS)
