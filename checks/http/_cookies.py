"""Cookies that browsers keep and never send back to the site, for checks of several layers."""

from checks.http import exchanges_by_purpose
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import cookie_pair, cookie_path, is_sent_for
from diagnose.parsers.urls import path_of


@frozen
class LostCookie:
    """A cookie whose Path no address of the site begins with, and the page that set it."""

    page: Exchange
    name: str
    path: str


def lost_cookies(evidence: Evidence, outer: str, inner: str) -> list[LostCookie]:
    """Return the cookies for a path that only the application knows: visitors are below `outer`,
    which a proxy replaces by `inner`."""
    path = evidence.target.path.partition("?")[0]
    return [
        LostCookie(page, clean(cookie_pair(value)[0], 100), own_path)
        for page in _pages(evidence, outer)
        for name, value in page.headers
        if name.lower() == "set-cookie"
        for own_path in [cookie_path(value)]
        if own_path and is_sent_for(inner, own_path) and not is_sent_for(path, own_path)
    ]


def _pages(evidence: Evidence, outer: str) -> tuple[Exchange, ...]:
    """Return the responses for the target's page, and for the page below the same prefix to which
    it redirects: the session often begins at the login."""
    steps = exchanges_by_purpose(evidence, "redirect")
    own = (step for step in steps if is_own_origin(evidence.target, step.url))
    return (
        *page_exchanges(evidence),
        *(step for step in own if path_of(step.url).startswith(outer)),
    )
