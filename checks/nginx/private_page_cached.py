"""nginx keeps pages that the application has made for one visitor and forbids to keep
("Cache-Control: private" or "no-store", RFC 9111 section 5.2.2): `proxy_ignore_headers` names that
field, and the cache does not look at the session. The next visitor gets the page of somebody else.

By default nginx heeds the field (ngx_http_proxy_module, "proxy_cache_valid"). The evidence is such
a page, with a sign of a session, or the redirect to a login, and the configuration: who has logged
in gets that redirect out of the cache again. A cache that a cookie or a variable of the
administrator's own keeps such pages out of (`proxy_no_cache`), or tells apart in its key, is meant
for visitors without a session. What `proxy_cache_bypass` alone leads past is kept all the same.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._cached_answers import (
    SESSION,
    cache_folder,
    cache_zone,
    heeding_fix,
    is_kept,
    module_prefix,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject, merge_subjects
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

_FORBIDS = re.compile(r"\b(?:private|no-store)\b", re.IGNORECASE)
_PRIVATE = re.compile(r"\bprivate\b", re.IGNORECASE)
#: The requests of visitors in a run.
_VISITS = frozenset({"target", "redirect", "logged"})
#: How a path of a login is written, and how its page asks for the password.
_LOGIN = re.compile(r"/(?:[\w-]{0,20}[-_])?(?:log[-_]?in|sign[-_]?in|auth|sso)\b", re.IGNORECASE)
_PASSWORD = re.compile(r"\btype=[\"']?password\b", re.IGNORECASE)
#: What PHP sends where a script has started a session (ext/session, CACHE_LIMITER_FUNC(nocache)).
_PHP_SESSION = "Thu, 19 Nov 1981 08:52:00 GMT"
#: Variables that tell nothing of a visitor's session. Any other may: "$cookie_sid", or a `map`.
_NO_SESSION = {
    "args", "document_uri", "host", "http_accept_encoding", "http_accept_language",
    "http_cache_control", "http_connection", "http_host", "http_pragma", "http_upgrade", "https",
    "is_args", "proxy_host", "query_string", "request_method", "request_uri", "scheme",
    "server_name", "server_port", "slice_range", "uri",
}  # fmt: skip
_VARIABLE = re.compile(r"\$\{?(\w+)")


@frozen(eq=False)
class _Kept:
    """A page that nginx keeps, by which directive, and the cache's name."""

    page: Exchange
    match: LocationMatch
    ignoring: Directive
    zone: str


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange])
def private_page_cached(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    kept = next(_kept_pages(nginx), None)
    if kept is None:
        return
    subjects = endpoint_subjects([kept.page])
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(kept.ignoring)),
        covers=(NO_PORT, merge_subjects(subjects)),
        because=(kept.page, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(kept.ignoring),
        facts={
            "url": kept.page.url.partition("?")[0],
            "login": _is_of_login(kept.page),
            "policy": clean(kept.page.header("Cache-Control") or "", 100),
            "location": kept.match.block.text,
            "directive": kept.ignoring.text,
            "place": file_line(kept.ignoring),
            "prefix": module_prefix(kept.match),
            "bypass": _bypass(kept.match),
            "zone": kept.zone,
            "folder": cache_folder(kept.match, kept.zone),
        },
        fix=heeding_fix(nginx, kept.match, kept.ignoring, "heed-the-field"),
    )


def _kept_pages(nginx: Nginx) -> Iterator[_Kept]:
    if nginx.is_refused:
        return
    for page in nginx.evidence.good(Exchange):
        url = parse_url(page.url)
        is_page = page.purpose in _VISITS and page.status in {200, *REDIRECTS}
        if not is_page or url is None or url.host != nginx.evidence.target.host:
            continue
        if not _is_of_one_visitor(nginx.evidence, page):
            continue
        for match in nginx.location_matches(url.path):
            prefix = module_prefix(match)
            zone = cache_zone(match, prefix)
            if zone is None or _minds_session(match, prefix):
                continue
            for ignoring in match.directives(f"{prefix}_ignore_headers"):
                is_ignored = "cache-control" in map(str.lower, ignoring.args)
                if is_ignored and is_kept(match, prefix, page.headers, page.status or 0):
                    yield _Kept(page, match, ignoring, zone.args[0])


def _is_of_one_visitor(evidence: Evidence, page: Exchange) -> bool:
    """Return whether the application forbids to keep the page, and there is a sign of a session, or
    a message about other people's content."""
    policy = page.header("Cache-Control") or ""
    if not _FORBIDS.search(policy):
        return False
    cookies = (value for name, value in page.headers if name.lower() == "set-cookie")
    has_session = any(SESSION.search(cookie.partition("=")[0].strip()) for cookie in cookies)
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "cached"
    is_php = page.header("Expires") == _PHP_SESSION
    has_login = is_told or _is_of_login(page)
    if page.status in REDIRECTS:  # others, as from / to /en/, are the same for all visitors
        return has_session or has_login
    return has_session or has_login or is_php or bool(_PRIVATE.search(policy))


def _is_of_login(page: Exchange) -> bool:
    """Return whether a redirect leads to a login, or a page asks for a password."""
    if page.status in REDIRECTS:
        return _LOGIN.search((page.header("Location") or "").partition("?")[0]) is not None
    return _PASSWORD.search(page.body) is not None


def _minds_session(match: LocationMatch, prefix: str) -> bool:
    """Return whether the key, or what keeps a page out of the cache, may look at the session."""
    names = (f"{prefix}_cache_key", f"{prefix}_no_cache")
    return any(_names_session(line) for name in names for line in match.directives(name))


def _bypass(match: LocationMatch) -> str:
    """Return the directive that leads visitors with a session past the cache, "" without one."""
    lines = match.directives(f"{module_prefix(match)}_cache_bypass")
    line = next(filter(_names_session, lines), None)
    return line.text if line else ""


def _names_session(line: Directive) -> bool:
    names = (name.lower() for word in line.args for name in _VARIABLE.findall(word))
    return any(name not in _NO_SESSION and not name.startswith("arg_") for name in names)
