"""Apache passes the page on under another path, and the application's cookie is
for the path that only the application knows (mod_proxy, "ProxyPassReverseCookiePath"; RFC 6265
section 5.1.4).

`ProxyPass /shop-dev/ http://app/shop/` and `Set-Cookie: …; Path=/shop`: the browser never sends it
back for /shop-dev/, and the login is lost with the next page.

Often only the answer to a login's POST sets the cookie. Words about a login that does not hold, and
a route without the directive, make it likely.
"""

import re
import shlex
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._cookies import lost_cookies, reported_lost_login
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_sections import lines_for
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, merge_subjects
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

#: Both the directive and a Header line that edits Set-Cookie.
_TRANSLATED = re.compile(r"(?i)\s*(?:ProxyPassReverseCookiePath\s|Header\s.{0,60}\bSet-Cookie\b)")
_PLAIN_PATH = re.compile(r"/[\w./~-]{0,200}")


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig, Exchange])
def apache_cookie_path(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    route = route_to_application(view) if view else None
    is_apache = view is not None and view.server.product == "apache"
    if view is None or route is None or not (is_apache and _replaces_the_path(route)):
        return
    lost = lost_cookies(evidence, route.path, route.backend_path)
    lost_login = None if lost or _translates(view) else reported_lost_login(evidence)
    pages = tuple(dict.fromkeys(cookie.page for cookie in lost)) or page_exchanges(evidence)[:1]
    if not pages or not (lost or lost_login):
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, view.server),
        confidence=lost_login or Confidence.CERTAIN,
        facts={
            **view.facts,
            "url": pages[0].url,
            "cookie": lost[0].name if lost else "",
            "path": lost[0].path if lost else _without_slash(route.backend_path),
            "outer": _without_slash(route.path),
            "inner": _without_slash(route.backend_path),
            "place": place_text(route.file, route.line),
        },
        fix=_fix(view, route),
    )


def _translates(view: ServerView) -> bool:
    """Return whether a line of the site changes the path of cookies already."""
    path = view.evidence.target.path_without_query
    return any(
        _TRANSLATED.match(line.text)
        for site in view.answering_sites
        for line in lines_for(view, site, path)
    )


def _replaces_the_path(route: SiteRoute) -> bool:
    is_plain = _PLAIN_PATH.fullmatch(route.path) and _PLAIN_PATH.fullmatch(route.backend_path)
    is_other = _without_slash(route.path) != _without_slash(route.backend_path)
    return bool(is_plain) and is_other and route.backend_path != "/" and not route.pattern


def _without_slash(path: str) -> str:
    return path.rstrip("/") or "/"


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    line = line_text(view, route.file, route.line)
    if line.split()[:1] != ["ProxyPass"]:
        return manual_fix(view, "change-the-path")
    indent = indentation(line)
    old, new = _without_slash(route.backend_path), _without_slash(route.path)
    # Apache replaces the beginning alone, and the first line that fits counts: /old/a is /a.
    pairs = [(f"{old}/", new), (old, new)] if new == "/" else [(old, new)]
    added = [f"{indent}ProxyPassReverseCookiePath {shlex.join(pair)}" for pair in pairs]
    edit = line_edit(view, route.file, {route.line: (line, *added)})
    if edit is None:
        return manual_fix(view, "change-the-path")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
