"""nginx has an error page of the site's own, and visitors do not see it (ngx_http_core_module,
"error_page").

A path without a slash before it is an address for a redirect: nginx answers 302, and browsers look
for the page below the folder of what they asked for. An application's own errors are replaced only
with `proxy_intercept_errors on` (ngx_http_proxy_module), and a message says that this is missed.
Where the page's own location asks for the same password, or is closed to the same visitors, nginx
sends its built-in page.
"""

import re
from collections.abc import Iterator
from typing import Literal

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.locations import LocationMatch

Reason = Literal["relative", "passed", "closed"]
REASONS: tuple[Reason, ...] = ("relative", "passed", "closed")

#: Who says that the site's own error page is not shown, in the languages of forums. That an error
#: page is seen, everybody says; "404 page not found" is what programs answer; and a pasted line of
#: the configuration says nothing.
_TOLD = lazy_pattern(
    r"\b(?:custom|own|styled)(?:[ ,/](?:html|php|static|nginx|and|or|error|[345]\d\d)){0,4}"
    r" (?:[345]\d\d|error) ?pages?\b"
    r"|\b(?:[345]\d\d|error) ?pages?\b.{0,60}\binstead of "
    r"(?:mine|ours|(?:my|our) (?:own|custom|error|[345]\d\d)|the custom)\b"
    r"|\b(?:[345]\d\d|error) ?pages? (?:(?:is|are|was|were|do|does|did)(?: still)? ?)?"
    r"(?:not|n't|never)(?: being)? (?:work|show|display|us(?:ed|ing)|appl|serv|appear)"
    r"|\b(?:[345]\d\d|error) ?pages? (?:(?:is|are) )?(?:being )?ignored\b"
    r"|\berror_page\b(?!\s+[345=])|\berror_page [345]\d\d (?:is|does|not|ignored)\b"
    r"|\b\w{2,7}_intercept_errors\b(?!\s+(?:on|off)\s*;)"
    r"|(?:自定义|自己的).{0,12}(?:错误|[345]\d\d) ?页"
    r"|(?:错误|[345]\d\d) ?页面?.{0,12}(?:不显示|不生效|无效|没有生效|没生效|不起作用)"
    r"|\b(?:meine|unsere|eigenen?)\b.{0,20}\bFehlerseiten?\b.{0,60}\bnicht\b"
    r"|\beigenen? (?:\d{3}-?)?Fehlerseiten?\b"
    r"|\bpages? d['’]erreur personnalis|\bp[áa]ginas? de erro(?:r(?:es)?)? personali[sz]ad"
    r"|(?:カスタム|独自の?).{0,10}エラーページ|エラーページ.{0,8}(?:表示されない|出ない|反映されない|効かない)"
    r"|(?:сво|кастомн)\w{1,4} страниц\w{1,3} (?:ошиб|[345]\d\d)",
    re.IGNORECASE,
)
#: Who sees nginx's own page, where the site has another one that nobody may read.
_DEFAULT = lazy_pattern(
    r"\bdefault\b.{0,20}\b(?:[345]\d\d|error)(?: error)? ?pages?\b", re.IGNORECASE
)
_LONGEST = 4000
_CODE = re.compile(r"[345]\d\d")
#: A path that lacks the slash before it.
_RELATIVE = re.compile(r"(?:\./)?(\w[\w./-]{0,200}\.(?:html?|php|shtml))", re.ASCII)


@frozen(eq=False)
class _Unused:
    """The `error_page` of a location, and why it is not shown. `page` is its path on the site."""

    reason: Reason
    match: LocationMatch
    line: Directive
    page: str


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.redirect-loop", "http.redirect-drops-path", "http.redirect-to-error",
        "nginx.own-answer", "nginx.visitor-denied", "upstream.own-answer", "upstream.wrong-path",
    ],
)  # fmt: skip
def error_page_unused(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    path = evidence.target.path_without_query
    symptom = evidence.target.symptom
    words = symptom.text[:_LONGEST] if symptom else ""
    is_told, sees_default = bool(_TOLD.search(words)), bool(_DEFAULT.search(words))
    for match in nginx.location_matches(path) if pages and not nginx.is_refused else ():
        unused = _relative(match, pages[0]) or (
            _untold(nginx, match, pages[0], is_told) if is_told or sees_default else None
        )
        if unused is not None:
            yield _claim(nginx, pages, unused)
            return


def _claim(nginx: Nginx, pages: tuple[Exchange, ...], unused: _Unused) -> Claim:
    subjects = endpoint_subjects(pages)
    is_certain = unused.reason == "relative" or (pages[0].status or 0) >= 400
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
        location=nginx.location(unused.line),
        facts={
            "url": pages[0].url,
            "status": pages[0].status or 0,
            "line": unused.line.text,
            "place": file_line(unused.line),
            "page": unused.page,
            "written": unused.line.args[-1],
            "seen": (pages[0].status or 0) >= 400,
            **{reason: unused.reason == reason for reason in REASONS},
        },
        fix=_fix(nginx, unused) or Fix((Manual("show-it", Where.SERVER),), Applicability.MANUAL),
    )


def _relative(match: LocationMatch, page: Exchange) -> _Unused | None:
    """Return the line that made the redirect of a response."""
    location = page.header("Location") or ""
    written = _RELATIVE.fullmatch(location) if page.status == 302 else None
    for line in match.directives("error_page") if written else ():
        if written and line.args[-1] == location:
            return _Unused("relative", match, line, f"/{written[1]}")
    return None


def _untold(nginx: Nginx, match: LocationMatch, page: Exchange, is_told: bool) -> _Unused | None:
    """Return the line of a page that nginx does not show, where a message misses it: that page
    itself (`is_told`), or sees nginx's own."""
    status = page.status or 0
    for line in match.directives("error_page"):
        codes = {int(word) for word in line.args[:-1] if _CODE.fullmatch(word)}
        path = line.args[-1] if line.args else ""
        if not path.startswith(("/", "@")) or (status >= 400 and status not in codes):
            continue
        if is_told and _is_left_alone(match, page, codes):
            return _Unused("passed", match, line, path)
        own = next(iter(nginx.location_matches(path)), None) if path.startswith("/") else None
        is_nginx = proxy_page(page.body) == "nginx"
        if own is not None and is_nginx and _closes(own, status):
            return _Unused("closed", own, line, path)
    return None


def _is_left_alone(match: LocationMatch, page: Exchange, codes: set[int]) -> bool:
    """Return whether the error of an application is sent as it is. Of a page that opens, the
    configuration alone says so, where the line is not only for an application that is down."""
    # Imported late: few messages are about error pages.
    from checks.nginx._interception import interception_of

    setting = interception_of(match)
    if setting is None or setting.is_on:
        return False
    status = page.status or 0
    if status >= 400:
        return proxy_page(page.body) != "nginx"
    return bool(codes - {502, 503, 504})


def _closes(own: LocationMatch, status: int) -> bool:
    """Return whether the location of an error page answers with the same error."""
    if status == 401:
        line = own.directive("auth_basic")
        return line is not None and line.args[:1] != ("off",)
    return status == 403 and any(line.args[:1] == ("all",) for line in own.directives("deny"))


def _fix(nginx: Nginx, unused: _Unused) -> Fix | None:
    file_edits = _edits(nginx, unused)
    return location_fix(nginx, unused.match, file_edits, sure=False) if file_edits else None


def _edits(nginx: Nginx, unused: _Unused) -> tuple[Edit, ...]:
    # Imported late: a healthy run edits nothing.
    from checks.nginx import _interception

    match unused.reason:
        case "relative":
            return _interception.absolute_edits(nginx, unused.line, unused.page)
        case "passed":
            return _interception.intercepting_edits(nginx, unused.match)
        case "closed":
            return _interception.opening_edits(nginx, unused.match, unused.page)
