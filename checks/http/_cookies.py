"""Cookies that browsers keep and never send back to the site, for checks of several layers."""

from checks.http import exchanges_by_purpose
from diagnose.model import Confidence, Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import cookie_pair, cookie_path, is_sent_for
from diagnose.parsers.urls import path_of

#: Words of a login that leads back to the login, in the languages of `foreign_words`.
_RETURNS = lazy_pattern(
    r"(?i)\b(?:again|back|loop|lost|lose|persist|every time|keeps|wieder|verloren|retourne|perdue?"
    r"|vuelve|pierde|volta|снова|опять|после входа)|又|回到|返回|跳回|跳转|重新登|丢失|戻"
)


@frozen
class LostCookie:
    """A cookie whose Path no address of the site begins with, and the page that set it."""

    page: Exchange
    name: str
    path: str


def lost_cookies(evidence: Evidence, outer: str, inner: str) -> list[LostCookie]:
    """Return the cookies for a path that only the application knows: visitors are below `outer`,
    which a proxy replaces by `inner`. A cookie for another part of the site is none of them."""
    path = evidence.target.path_without_query
    return [
        LostCookie(page, clean(cookie_pair(value)[0], 100), own_path)
        for page in _pages(evidence, outer)
        for name, value in page.headers
        if name.lower() == "set-cookie"
        for own_path in [cookie_path(value)]
        if own_path
        and is_sent_for(_passed_path(page, outer, inner), own_path)
        and not is_sent_for(path, own_path)
        and not is_sent_for(path_of(page.url), own_path)
    ]


def _passed_path(page: Exchange, outer: str, inner: str) -> str:
    """Return the path of a page as the application gets it; `inner` if it is not below `outer`."""
    path = path_of(page.url)
    return inner + path.removeprefix(outer) if path.startswith(outer) else inner


def reported_lost_login(evidence: Evidence) -> Confidence | None:
    """Return how sure it is that a message tells of a cookie that does not come back, where no page
    of this run sets one for the visitor's path: often only the answer to a login's POST sets it,
    which no run sends. None if it tells of something else."""
    symptom, path = evidence.target.symptom, evidence.target.path_without_query
    if symptom is None or symptom.kind not in {"cookie", "login"}:
        return None
    values = [
        value
        for page in _pages(evidence, "/")
        for name, value in page.headers
        if name.lower() == "set-cookie"
    ]
    if any(is_sent_for(path, cookie_path(value) or "/") for value in values):
        return None
    is_returning = symptom.kind == "cookie" or _RETURNS.search(symptom.text)
    return Confidence.LIKELY if is_returning else Confidence.POSSIBLE


def _pages(evidence: Evidence, outer: str) -> tuple[Exchange, ...]:
    """Return the responses for the target's page, and for the page below the same prefix to which
    it redirects: the session often begins at the login."""
    steps = exchanges_by_purpose(evidence, "redirect")
    own = (step for step in steps if is_own_origin(evidence.target, step.url))
    return (
        *page_exchanges(evidence),
        *(step for step in own if path_of(step.url).startswith(outer)),
    )
